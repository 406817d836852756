using Xunit;

namespace AtomikD.Commits;

public sealed class SyncCostsTests : TimeProvider
{
    /// <summary>A batch of 29 folders with one file each.</summary>
    private const double SmallBatch = 58;

    private readonly SyncCosts _costs;
    private long _now;

    public SyncCostsTests() => _costs = new SyncCosts(this);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    [Fact]
    public void A_few_things_are_synced_one_by_one_and_many_at_once()
    {
        Assert.False(_costs.IsSyncfsCheaper(2));
        Assert.True(_costs.IsSyncfsCheaper(2048));
    }

    [Fact]
    public void What_each_way_took_counts_the_next_time()
    {
        for (int i = 0; i < 20; i++)
            _costs.EachTook(seconds: 0.010, things: 2);
        Assert.True(_costs.IsSyncfsCheaper(2));

        for (int i = 0; i < 20; i++)
            _costs.SyncfsTook(seconds: 0.040, things: 2048);
        Assert.False(_costs.IsSyncfsCheaper(2));
    }

    [Fact]
    public void A_syncfs_that_paid_for_strangers_is_left_for_a_while_and_twice_as_long_the_next_time()
    {
        _costs.SyncfsTook(seconds: 0.700, SmallBatch);
        Pass(4.9);
        Assert.False(_costs.IsSyncfsCheaper(2048));
        Pass(0.2);
        Assert.True(_costs.IsSyncfsCheaper(2048));

        _costs.SyncfsTook(seconds: 0.700, SmallBatch);
        Pass(9.9);
        Assert.False(_costs.IsSyncfsCheaper(2048));
        Pass(0.2);
        Assert.True(_costs.IsSyncfsCheaper(2048));
    }

    [Fact]
    public void One_that_was_quick_ends_the_series()
    {
        _costs.SyncfsTook(seconds: 0.700, SmallBatch);
        Pass(6);
        _costs.SyncfsTook(seconds: 0.005, SmallBatch);
        _costs.SyncfsTook(seconds: 0.700, SmallBatch);
        Pass(5.1);
        Assert.True(_costs.IsSyncfsCheaper(2048));
    }

    /// <summary>The first of a burst of 5,000 that were written just before, 29 of which make the first batch.</summary>
    [Fact]
    public void A_syncfs_that_paid_for_what_waits_is_no_mistake()
    {
        _costs.SyncfsTook(seconds: 0.200, things: SmallBatch + (2 * 4971));
        Assert.True(_costs.IsSyncfsCheaper(2048));
    }

    private void Pass(double seconds) => _now += (long)(seconds * TimeSpan.TicksPerSecond);
}
