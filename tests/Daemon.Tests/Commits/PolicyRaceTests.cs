using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Commits;

/// <summary>What stands at the destination changes while the commit is under way: what was not allowed is not done.</summary>
public sealed class PolicyRaceTests
{
    private readonly PublishGate _gate = new();

    [Fact]
    public async Task A_target_that_appears_while_the_item_waits_is_not_replaced()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.OnRequest);
        string before;
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("site")))
        {
            harness.Mark("site");
            Eventually.True(() => harness.Engine.Lanes[0].Room.ParkedCount > 0, "the item waits");
            File.WriteAllText(harness.Live("site"), "a stranger's");
            before = Drop.Snapshot(harness.Staged("site"));
        }

        harness.Refused("site", Reason.TargetExists, harness.Live("site"));

        Assert.Equal("a stranger's", File.ReadAllText(harness.Live("site")));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        harness.StillServes();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"expectedVersion\":0}")]
    public async Task A_target_that_appears_after_the_claim_is_not_replaced_and_the_item_is_put_back(string marker)
    {
        await using EngineHarness harness = await Start(OverwritePolicy.OnRequest, route => route with { FileMode = 0x124 });
        using PublishGate gate = _gate.Close(harness);
        string before = PublishGate.Claim(harness, "site", marker);
        File.WriteAllText(harness.Live("site"), "a stranger's");
        gate.Open();

        harness.Refused("site", Reason.TargetExists, harness.Live("site"));

        Assert.Equal("a stranger's", File.ReadAllText(harness.Live("site")));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        Assert.Empty(harness.Slots());
        harness.StillServes();
    }

    [Fact]
    public async Task A_target_that_appears_is_replaced_where_that_is_allowed_and_what_stood_there_is_retained()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        using PublishGate gate = _gate.Close(harness);
        PublishGate.Claim(harness, "site");
        File.WriteAllText(harness.Live("site"), "a stranger's");
        gate.Open();

        Receipt receipt = harness.WaitFor("site");

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(1, receipt.Version);
        Assert.Equal(0, receipt.Json.GetProperty("replaced").GetInt64());
        Assert.Equal("a stranger's", File.ReadAllText(Retained(harness)));
    }

    [Fact]
    public async Task A_target_that_vanishes_is_made_where_that_is_allowed()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        harness.Publish("site", "old");
        using PublishGate gate = _gate.Close(harness);
        PublishGate.Claim(harness, "site");
        File.Delete(harness.Live("site"));
        gate.Open();

        Receipt receipt = harness.WaitFor("site");

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(2, receipt.Version);
        Assert.Empty(harness.Slots());
    }

    [Fact]
    public async Task A_target_that_vanishes_is_not_made_where_a_version_was_expected()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        harness.Publish("site", "old");
        using PublishGate gate = _gate.Close(harness);
        string before = PublishGate.Claim(harness, "site", "{\"expectedVersion\":1}");
        File.Delete(harness.Live("site"));
        gate.Open();

        harness.Refused("site", Reason.VersionMismatch, harness.Live("site"));

        Assert.False(EngineHarness.ExistsNoFollow(harness.Live("site")));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        harness.StillServes();
    }

    [Fact]
    public async Task A_target_that_a_stranger_changes_is_replaced_and_his_is_retained()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        harness.Publish("site", "old");
        using PublishGate gate = _gate.Close(harness);
        PublishGate.Claim(harness, "site");
        string aside = Path.Combine(harness.Root, "aside");
        File.WriteAllText(aside, "a stranger's");
        File.Move(aside, harness.Live("site"), overwrite: true);
        gate.Open();

        Receipt receipt = harness.WaitFor("site");

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(2, receipt.Version);
        Assert.Equal("a stranger's", File.ReadAllText(Retained(harness)));
        VersionRow kept = Assert.Single(harness.Engine.Journal.Write(durable: false, session =>
            session.ListVersions("site", "site", 10, long.MaxValue)), version => version.State == VersionState.Retained);
        Assert.Equal(0, kept.Number);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_target_of_any_kind_is_retained_as_it_was(bool isFolder)
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        if (isFolder)
            Directory.CreateDirectory(harness.Live("site"));
        else
            File.CreateSymbolicLink(harness.Live("site"), "nowhere");
        string before = Drop.Snapshot(harness.Live("site"));

        Assert.True(harness.Publish("site", "new").Succeeded);

        Assert.Equal(before, Drop.Snapshot(Retained(harness)));
    }

    [Fact]
    public async Task The_live_file_itself_staged_again_is_a_new_version_of_it()
    {
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        harness.Publish("site", "same");
        Drop.HardLink(harness.Live("site"), harness.Staged("site"));
        ulong inode = Drop.StatusOf(harness.Live("site")).Inode;
        harness.Mark("site");

        Receipt receipt = harness.WaitFor("site");

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(2, receipt.Version);
        Assert.Equal(inode, Drop.StatusOf(harness.Live("site")).Inode);
        Assert.Equal(1u, Drop.StatusOf(harness.Live("site")).Links);
        Assert.Empty(harness.Slots());
        Assert.False(File.Exists(harness.Staged("site")));
        VersionRow live = Assert.Single(harness.Engine.Journal.Write(durable: false, session =>
            session.ListVersions("site", "site", 10, long.MaxValue)), version => version.State == VersionState.Live);
        Assert.Equal(2, live.Number);
        Assert.Equal(3, harness.Publish("site", "other").Version);
        Assert.Equal("other", File.ReadAllText(harness.Live("site")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"overwrite\":true}")]
    public async Task A_target_that_is_a_mount_point_is_never_moved(string marker)
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        harness.PublishFolder("site", "old");
        Command.Run("mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", harness.Live("site")).Check();
        try
        {
            File.WriteAllText(harness.Live("site/on the other disk"), "x");
            harness.StageFolder("site", ("index.html", "new"));
            string before = Drop.Snapshot(harness.Staged("site"));
            harness.Mark("site", marker);

            Receipt receipt = harness.Refused("site", Reason.Busy, harness.Live("site"), "mount point", nameof(Errno.EBUSY));

            Assert.Contains("Unmount", receipt.Hint, StringComparison.Ordinal);
            Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
            Assert.True(File.Exists(harness.Live("site/on the other disk")));
            harness.StillServes();
        }
        finally
        {
            Mounts.Unmount(harness.Live("site"));
        }
        harness.Mark("site");
        Assert.Equal(2, harness.WaitFor("site").Version);
    }

    /// <summary>The marker of the commit passes through the vault on its way out.</summary>
    private static string Retained(EngineHarness harness)
    {
        Eventually.True(() => harness.Slots().Length == 1, "the retained version is all that is in the vault");
        return Path.Combine(harness.VaultPath, harness.Slots()[0]);
    }

    private async Task<EngineHarness> Start(OverwritePolicy policy, Func<RouteSettings, RouteSettings>? more = null)
    {
        var harness = new EngineHarness(configure: route => more?.Invoke(route with { Overwrite = policy }) ?? route with { Overwrite = policy, Durability = Durability.None })
        {
            Options = new EngineOptions { Step = _gate.At },
        };
        return await harness.StartAsync();
    }
}
