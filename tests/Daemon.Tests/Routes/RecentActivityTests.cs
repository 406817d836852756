using Xunit;

namespace AtomikD.Routes;

public sealed class RecentActivityTests
{
    private static readonly DateTimeOffset s_noon = new(2026, 1, 2, 12, 0, 30, TimeSpan.Zero);

    [Fact]
    public void It_counts_by_the_minute()
    {
        var recent = new RecentActivity();
        recent.Count(s_noon, isCommit: true);
        recent.Count(s_noon.AddSeconds(20), isCommit: true);
        recent.Count(s_noon.AddSeconds(40), isCommit: false);

        IReadOnlyList<ActivityMinute> minutes = recent.Last(s_noon.AddMinutes(1));

        Assert.Equal(60, minutes.Count);
        Assert.Equal(new ActivityMinute(s_noon.AddSeconds(-30), 2, 0), minutes[^2]);
        Assert.Equal(new ActivityMinute(s_noon.AddSeconds(30), 0, 1), minutes[^1]);
        Assert.All(minutes.SkipLast(2), minute => Assert.Equal((0, 0), (minute.Commits, minute.Failures)));
    }

    [Fact]
    public void It_forgets_after_an_hour_though_nothing_came_since()
    {
        var recent = new RecentActivity();
        recent.Count(s_noon, isCommit: true);

        Assert.Equal(1, recent.Last(s_noon.AddMinutes(59)).Sum(minute => minute.Commits));
        Assert.Equal(0, recent.Last(s_noon.AddMinutes(60)).Sum(minute => minute.Commits));
        recent.Count(s_noon.AddMinutes(60), isCommit: true);
        Assert.Equal(1, recent.Last(s_noon.AddMinutes(60)).Sum(minute => minute.Commits));
    }
}
