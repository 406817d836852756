using System.Diagnostics;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Commits;

/// <summary>A durable batch is acknowledged while the one behind it is published.</summary>
public sealed class OverlappingBatchTests : IAsyncLifetime
{
    /// <summary>Idle results are closed half a second after they were told: a look that came later says nothing.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(300);

    private readonly SemaphoreSlim _settled = new(0);
    private readonly SemaphoreSlim _mayTell = new(0);
    private readonly SemaphoreSlim _synced = new(0);
    private readonly SemaphoreSlim _mayWrite = new(0);
    private EngineHarness _harness = null!;
    private volatile bool _holdsSettled;
    private volatile bool _holdsTold;
    private volatile bool _holdsSynced;

    public async ValueTask InitializeAsync() =>
        _harness = await new EngineHarness { Options = new EngineOptions { Step = At } }.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _mayTell.Release(100);
        _mayWrite.Release(100);
        await _harness.DisposeAsync();
    }

    [Fact]
    [Trait("Promise", "P4")]
    public void A_publish_does_not_wait_until_the_batch_before_it_is_told()
    {
        StartTelling("first");
        Drop("second");
        Assert.True(_synced.Wait(TimeSpan.FromSeconds(30)), "the second is published");
        Assert.Equal("second", File.ReadAllText(_harness.Live("second")));
        Assert.True(File.Exists(_harness.Staged("first.ready")), "the first is not told yet");

        _mayTell.Release();
        Assert.True(_harness.WaitFor("first").Succeeded);
        _mayWrite.Release();
        Assert.True(_harness.WaitFor("second").Succeeded);
    }

    [Fact]
    [Trait("Promise", "P4")]
    public void A_marker_that_goes_after_the_sync_of_staging_is_not_closed_by_it()
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            StartTelling($"first-{attempt}");
            Drop($"second-{attempt}");
            Assert.True(_synced.Wait(TimeSpan.FromSeconds(30)), "staging is synced for the second");
            long begin = Stopwatch.GetTimestamp();
            _mayTell.Release();
            Eventually.True(() => _harness.Engine.Lanes[0].InWork == 1, "the first is told");
            _mayWrite.Release();
            _harness.WaitFor($"second-{attempt}");
            bool isOpen = _harness.Engine.Journal.Write(durable: false, session => session.UnclosedOf(_harness.Staging))
                .Any(unclosed => unclosed.Source.ToString() == $"first-{attempt}");
            if (Stopwatch.GetElapsedTime(begin) > s_soon)
                continue;
            Assert.True(isOpen, "a power cut can still bring its marker back");
            return;
        }
        Assert.Fail("this machine was too slow to look in time");
    }

    /// <summary>Returns once its outcome is in the journal. It is told on a thread of its own, because another is in work behind it.</summary>
    private void StartTelling(string first)
    {
        Eventually.True(() => _harness.Engine.Lanes.All(lane => lane.InWork == 0), "nothing is in work");
        _holdsSettled = true;
        Drop(first);
        Assert.True(_settled.Wait(TimeSpan.FromSeconds(30)), "the first is settled");
    }

    private void Drop(string name)
    {
        _harness.StageFile(name, name);
        _harness.Mark(name);
    }

    private void At(string step)
    {
        switch (step)
        {
            case "settled" when _holdsSettled:
                _holdsSettled = false;
                _settled.Release();
                Eventually.True(() => _harness.Engine.Lanes[0].InWork == 2, "another is in work");
                _holdsTold = true;
                _holdsSynced = true;
                break;
            case "told" when _holdsTold:
                _holdsTold = false;
                _mayTell.Wait();
                break;
            case "synced" when _holdsSynced:
                _holdsSynced = false;
                _synced.Release();
                _mayWrite.Wait();
                break;
        }
    }
}
