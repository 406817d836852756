using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Who may commit is known by who owns marker and item.</summary>
public sealed class AllowedUsersTests : IAsyncLifetime
{
    private EngineHarness _harness = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to give files away");
        var allowed = new AllowedUsers(new HashSet<uint> { ForeignUser.Stranger }, new HashSet<uint>(), new HashSet<uint>());
        _harness = new EngineHarness(configure: route => route with { AllowUsers = allowed });
        Drop.Chmod(_harness.Staging, Stat.S_ISVTX | 0x1FF);
        await _harness.StartAsync();
        Assert.Null(_harness.Route.Trouble);
    }

    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
            await _harness.DisposeAsync();
    }

    [Fact]
    public void Who_is_allowed_commits()
    {
        Stage("site", ForeignUser.Stranger);
        MarkAs(ForeignUser.Stranger, "site");
        Receipt receipt = _harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
    }

    [Theory]
    [InlineData(ForeignUser.OtherStranger, ForeignUser.Stranger)]
    [InlineData(ForeignUser.OtherStranger, ForeignUser.OtherStranger)]
    [InlineData(0, ForeignUser.Stranger)]
    [InlineData(ForeignUser.Stranger, ForeignUser.OtherStranger)]
    [InlineData(ForeignUser.Stranger, 0)]
    public void Who_is_not_allowed_is_refused_whichever_of_the_two_is_his(int marker, int item)
    {
        Stage("site", item);
        string before = Drop.Snapshot(_harness.Staged("site"));
        MarkAs(marker, "site");

        Receipt receipt = _harness.Refused("site", Reason.NotPermitted, $"uid {(marker == ForeignUser.Stranger ? item : marker)}", "may not commit on route site");

        Assert.Contains("AllowUsers", receipt.Hint, StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(_harness.Staged("site")));
        Assert.False(EngineHarness.ExistsNoFollow(_harness.Live("site")));
        Goes_on();
    }

    [Fact]
    public void A_marker_with_a_second_name_proves_nothing()
    {
        Stage("site", ForeignUser.Stranger);
        string mine = Path.Combine(_harness.Root, "a file of the allowed user");
        File.WriteAllText(mine, "");
        Drop.Chown(mine, ForeignUser.Stranger);

        Drop.HardLink(mine, _harness.Staged("site.ready"));

        _harness.Refused("site", Reason.NotPermitted, "second hard link");
        Assert.True(File.Exists(mine));
        Goes_on();
    }

    private void Goes_on()
    {
        Stage("other", ForeignUser.Stranger);
        MarkAs(ForeignUser.Stranger, "other");
        Assert.True(_harness.WaitFor("other").Succeeded);
        _harness.Log.AssertNoUnexpectedErrors();
    }

    private void Stage(string name, int uid)
    {
        _harness.StageFolder(name, ("a", "1"));
        Drop.Chown(_harness.Staged(name + "/a"), (uint)uid);
        Drop.Chown(_harness.Staged(name), (uint)uid);
    }

    private void MarkAs(int uid, string name)
    {
        string aside = Path.Combine(_harness.Root, "marker");
        File.WriteAllText(aside, "");
        Drop.Chown(aside, (uint)uid);
        File.Move(aside, _harness.Staged(name + ".ready"));
    }
}
