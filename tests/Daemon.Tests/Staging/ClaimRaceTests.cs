using AtomikD.Commits;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Item and marker change between the look and the claim, or between the claim and the seal: the lane is stopped there.</summary>
public sealed class ClaimRaceTests : IAsyncLifetime
{
    private readonly ManualResetEventSlim _reached = new();
    private readonly ManualResetEventSlim _goOn = new();
    private string? _stopAfter;
    private EngineHarness _harness = null!;

    public async ValueTask InitializeAsync()
    {
        _harness = new EngineHarness { Options = new EngineOptions { Step = At, BusyLimit = TimeSpan.FromSeconds(5) } };
        await _harness.RescanEvery(TimeSpan.FromHours(1)).StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _goOn.Set();
        await _harness.DisposeAsync();
    }

    [Fact]
    public void A_marker_touched_in_between_is_served_without_delay()
    {
        _harness.StageFile("site", "1");
        StopAfter("intended", "site");
        Drop.Touch(_harness.Staged("site.ready"));
        _goOn.Set();

        ServedNow("site", "1");
    }

    [Fact]
    public void An_item_and_a_marker_exchanged_in_between_are_served_without_delay()
    {
        _harness.StageFile("site", "1");
        StopAfter("intended", "site");
        Exchange("site", "2");
        Exchange("site.ready", "");
        _goOn.Set();

        ServedNow("site", "2");
    }

    [Fact]
    public void An_item_exchanged_in_between_waits_for_its_own_marker()
    {
        _harness.StageFile("site", "1");
        StopAfter("intended", "site");
        Later("site.ready", () => Exchange("site", "2"), "site");
        _goOn.Set();
        Eventually.True(() => _harness.Engine.Lanes[0].Room.ParkedCount > 0, "it waits");
        Assert.Equal("2", File.ReadAllText(_harness.Staged("site")));

        Exchange("site.ready", "");

        ServedNow("site", "2");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_item_changed_in_between_waits_for_its_marker_to_be_touched(bool isFolder)
    {
        string file = isFolder ? "site/new" : "site";
        if (isFolder)
            _harness.StageFolder("site", ("old", "1"));
        else
            _harness.StageFile("site", "1");
        StopAfter("intended", "site");
        Later("site.ready", () => File.WriteAllText(_harness.Staged(file), "2"), file);
        _goOn.Set();
        Eventually.True(() => _harness.Engine.Lanes[0].Room.ParkedCount > 0, "it waits");
        Assert.False(EngineHarness.ExistsNoFollow(_harness.Live("site")));

        Drop.Touch(_harness.Staged("site.ready"));

        Assert.True(_harness.WaitFor("site").Succeeded);
        Assert.Equal("2", File.ReadAllText(_harness.Live(file)));
    }

    [Fact]
    public void An_item_taken_away_in_between_is_missed()
    {
        _harness.StageFile("site", "1");
        StopAfter("intended", "site");
        File.Move(_harness.Staged("site"), _harness.Staged("elsewhere"));
        _goOn.Set();

        _harness.Refused("site", Reason.ItemNotFound, $"{_harness.Staged("site")} is no longer there");
        Assert.Equal("1", File.ReadAllText(_harness.Staged("elsewhere")));
        _harness.StillServes();
    }

    [Fact]
    public void A_marker_taken_away_in_between_was_never_a_request()
    {
        _harness.StageFile("site", "1");
        string before = Drop.Snapshot(_harness.Staged("site"));
        StopAfter("intended", "site");
        File.Delete(_harness.Staged("site.ready"));
        _goOn.Set();

        _harness.StillServes();
        Eventually.True(() => _harness.Engine.Lanes[0].IsIdle, "nothing is left to do");
        Assert.Equal(before, Drop.Snapshot(_harness.Staged("site")));
        Assert.Null(_harness.ReadReceipt("site"));
        Assert.False(EngineHarness.ExistsNoFollow(_harness.Live("site")));
    }

    [Fact]
    public void An_item_replaced_by_a_link_in_between_is_judged_as_what_it_is_now()
    {
        using var elsewhere = new TempFolder();
        string outside = elsewhere.Write("outside", "not yours");
        _harness.StageFile("site", "1");
        StopAfter("intended", "site");
        File.Delete(_harness.Staged("site"));
        File.CreateSymbolicLink(_harness.Staged("site"), outside);
        _goOn.Set();

        _harness.Refused("site", Reason.ItemUnsupported, "a symbolic link");
        Assert.Equal(outside, new FileInfo(_harness.Staged("site")).LinkTarget);
        Assert.Equal("not yours", File.ReadAllText(outside));
        Assert.False(EngineHarness.ExistsNoFollow(_harness.Live("site")));
        _harness.StillServes();
    }

    [Fact]
    public void An_item_opened_after_the_claim_is_put_back_and_told_of_where_its_name_was_used_again()
    {
        _harness.StageFolder("site", ("a", "1"));
        using Fd folder = TempFolder.OpenFolder(_harness.Staged("site"));
        StopAfter("claimed", "site");
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(folder, Name.Of("a"), Fcntl.O_WRONLY, out Fd writer));
        using (writer)
        {
            _harness.StageFile("site", "the next");
            _goOn.Set();

            Receipt receipt = _harness.WaitFor(Name.Of("site"));

            Assert.Equal("ITEM_BUSY", receipt.Reason);
            Assert.StartsWith($"{_harness.Staged("site")}~", receipt.Item, StringComparison.Ordinal);
            Assert.Equal("1", File.ReadAllText(receipt.Item + "/a"));
            Assert.Equal("the next", File.ReadAllText(_harness.Staged("site")));
        }
        _harness.Mark("site");
        ServedNow("site", "the next");
    }

    [Fact]
    public void An_item_opened_after_the_claim_goes_live_once_it_is_closed()
    {
        _harness.StageFolder("site", ("a", "1"));
        using Fd folder = TempFolder.OpenFolder(_harness.Staged("site"));
        StopAfter("claimed", "site");
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(folder, Name.Of("a"), Fcntl.O_WRONLY, out Fd writer));
        using (writer)
        {
            _goOn.Set();
            Eventually.True(() => Directory.Exists(_harness.Staged("site")), "it is put back");
        }
        Assert.True(_harness.WaitFor("site").Succeeded);
    }

    /// <summary>Marks the item and waits until the lane stands after that step of its batch.</summary>
    private void StopAfter(string step, string name)
    {
        _stopAfter = step;
        _harness.Mark(name);
        Assert.True(_reached.Wait(TimeSpan.FromMinutes(1)), $"{step} is reached");
    }

    private void At(string step)
    {
        if (Interlocked.CompareExchange(ref _stopAfter, null, step) != step)
            return;
        _reached.Set();
        _goOn.Wait(TimeSpan.FromMinutes(1));
    }

    /// <summary>Puts another file in the place of one, as careful producers do.</summary>
    private void Exchange(string name, string text)
    {
        string aside = Path.Combine(_harness.Root, "aside");
        File.WriteAllText(aside, text);
        File.Move(aside, _harness.Staged(name), overwrite: true);
    }

    /// <summary>The kernel's clock of files goes in steps: until the change is seen to be later.</summary>
    private void Later(string than, Action change, string changed) => Eventually.True(() =>
    {
        change();
        return Drop.StatusOf(_harness.Staged(changed)).Modified > Drop.StatusOf(_harness.Staged(than)).Changed;
    }, "the clock of files moves on");

    /// <summary>Well before the time that a busy item is given.</summary>
    private void ServedNow(string name, string text)
    {
        Receipt receipt = _harness.WaitFor(name, TimeSpan.FromSeconds(4));
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(text, File.ReadAllText(_harness.Live(name)));
        _harness.StillServes();
    }
}
