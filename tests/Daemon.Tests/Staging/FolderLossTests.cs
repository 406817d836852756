using AtomikD.Commits;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Folders and disks that go away, fill up or turn read-only under a running daemon.</summary>
public sealed class FolderLossTests
{
    private static readonly TimeSpan s_often = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task A_staging_folder_that_is_deleted_and_made_again_is_served_again()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        Assert.Equal(1, harness.Publish("site", "1").Version);

        Directory.Delete(harness.Staging, recursive: true);
        LogRecord report = harness.Log.WaitFor("RouteStopped");
        Assert.Equal(LogLevel.Warning, report.Level);
        Eventually.True(() => harness.Route.Trouble?.Contains(harness.Staging, StringComparison.Ordinal) == true, "what is missing is said");
        Assert.Equal("1", File.ReadAllText(harness.Live("site")));

        Directory.CreateDirectory(harness.Staging);
        Assert.Equal(2, harness.Publish("site", "2").Version);
        harness.StillServes();
        Assert.Null(harness.Route.Trouble);
    }

    [Fact]
    public async Task What_is_claimed_when_the_staging_folder_is_deleted_is_given_back_once_there_is_one()
    {
        var gate = new PublishGate();
        await using var harness = new EngineHarness { Options = new EngineOptions { Step = gate.At } };
        await harness.StartAsync();
        using PublishGate closed = gate.Close(harness);
        string before = PublishGate.Claim(harness, "site");
        Directory.Delete(harness.Staging, recursive: true);
        gate.Open();
        harness.Log.WaitFor("RouteStopped");

        Directory.CreateDirectory(harness.Staging);

        Eventually.True(() => File.Exists(harness.Staged("site.failed")), "it is told");
        harness.Refused("site", Reason.Interrupted, harness.Staged("site"));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        harness.Mark("site");
        Assert.True(harness.WaitFor("site").Succeeded);
        harness.StillServes();
    }

    [Fact]
    public async Task A_target_that_is_renamed_away_stops_the_route_until_it_is_back()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        harness.Publish("site", "1");
        string away = harness.Target + ".away";

        Directory.Move(harness.Target, away);
        harness.StageFile("site", "2");
        string before = Drop.Snapshot(harness.Staged("site"));
        harness.Mark("site");
        harness.Log.WaitFor("RouteStopped");
        harness.Log.WaitFor(record => record.Name == "RouteUnhealthy" && record.Message.Contains(harness.Target, StringComparison.Ordinal), "what is missing is said");
        Assert.Equal("1", File.ReadAllText(Path.Combine(away, "site")));
        Assert.False(Directory.Exists(harness.Target));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));

        Directory.Move(away, harness.Target);

        Assert.Equal(2, harness.WaitFor("site").Version);
        Assert.Equal("2", File.ReadAllText(harness.Live("site")));
        harness.StillServes();
    }

    [Fact]
    public async Task A_target_that_another_folder_has_taken_the_place_of_is_served_and_the_old_one_left_alone()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        harness.Publish("site", "1");
        string away = harness.Target + ".away";

        Directory.Move(harness.Target, away);
        Directory.CreateDirectory(harness.Target);
        string before = Drop.Snapshot(Path.Combine(away, "site"));

        Assert.True(harness.Publish("site", "2").Succeeded);
        Assert.Equal("2", File.ReadAllText(harness.Live("site")));
        Assert.Equal(before, Drop.Snapshot(Path.Combine(away, "site")));
        harness.StillServes();
    }

    [Fact]
    public async Task Another_disk_mounted_over_the_folders_is_not_taken_for_them()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        using var home = new TempFolder();
        string root = home.MakeFolder("disk");
        await using EngineHarness harness = await new EngineHarness(root, state: home.MakeFolder("state")).RescanEvery(s_often).StartAsync();
        harness.Publish("site", "1");

        Command.Run("mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", root).Check();
        try
        {
            Directory.CreateDirectory(harness.Target);
            Directory.CreateDirectory(harness.Staging);
            harness.StageFile("site", "2");
            harness.Mark("site");
            harness.Log.WaitFor("RouteStopped");
            harness.Log.WaitFor(record => record.Name == "RouteUnhealthy" && record.Message.Contains("another disk", StringComparison.Ordinal), "that it is another disk is said");
            Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Target));
            Assert.Equal(["site", "site.ready"], Directory.EnumerateFileSystemEntries(harness.Staging).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
        finally
        {
            Mounts.Unmount(root);
        }
        Assert.Equal(2, harness.Publish("site", "2").Version);
        harness.StillServes();
    }

    [Fact]
    public async Task A_disk_that_is_unmounted_is_let_go_and_what_waited_on_it_is_not_trusted_when_it_is_back()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        await using EngineHarness harness = await new EngineHarness(disk.Path, state: state.Path).RescanEvery(s_often).StartAsync();
        harness.Publish("site", "1");
        harness.StageFile("log", "x");
        harness.Mark("log", "not yet");
        harness.Refused("log", Reason.BadMarker);
        // Changed later than its marker: it waits.
        File.Move(harness.Staged("log"), harness.Staged("late"));
        ParkLate(harness, "late");

        disk.Unmount(lazy: true);
        harness.Log.WaitFor("RouteStopped");
        Eventually.True(() => Command.Run("losetup", "--associated", disk.Image).Output.Length == 0, "the daemon lets the disk go");
        // The folder beneath the mount point may have folders of the same names.
        Directory.CreateDirectory(harness.Staging);
        Directory.CreateDirectory(harness.Target);
        harness.StageFile("site", "2");
        harness.Mark("site");
        harness.Log.WaitFor(record => record.Name == "RouteUnhealthy" && record.Message.Contains("another disk", StringComparison.Ordinal), "that the disk is away is said");
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Target));
        Assert.True(File.Exists(harness.Staged("site.ready")));
        Directory.Delete(harness.Staging, recursive: true);
        Directory.Delete(harness.Target, recursive: true);
        disk.Mount();

        Receipt receipt = harness.Refused("late", Reason.Interrupted, harness.Staged("late"));
        Assert.Contains("vouch", receipt.Hint, StringComparison.Ordinal);
        harness.Mark("late");
        Assert.True(harness.WaitFor("late").Succeeded);
        Assert.Equal(2, harness.Publish("site", "2").Version);
        harness.StillServes();
    }

    [Fact]
    public async Task On_a_full_disk_a_marker_stays_until_its_outcome_can_be_told()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        await using EngineHarness harness = await new EngineHarness(disk.Path, state: state.Path).StartAsync();
        harness.Publish("site", "1");
        harness.StageFile("site", "2");
        using (Fd root = disk.Open())
            Unistd.Syncfs(root);
        string filler = disk.Fill(0);

        harness.Mark("site");
        harness.Mark("missing");
        harness.Log.WaitFor(record => record.Name == "MarkerStuck" && record.Level == LogLevel.Warning, 2, "both markers stay");
        Assert.All(harness.Log.Records.Where(record => record.Name == "MarkerStuck"), record => Assert.Contains(nameof(Errno.ENOSPC), record.Message, StringComparison.Ordinal));
        Assert.Equal("2", File.ReadAllText(harness.Live("site")));
        Assert.True(File.Exists(harness.Staged("site.ready")));
        Assert.True(File.Exists(harness.Staged("missing.ready")));
        Assert.False(File.Exists(harness.Staged("missing.failed")));

        File.Delete(filler);
        using (Fd root = disk.Open())
            Unistd.Syncfs(root);

        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(2, receipt.Version);
        harness.Refused(Name.Of("missing"), Reason.ItemNotFound, null);
        Eventually.True(() => harness.Route.Stuck.Count == 0, "nothing is stuck any more");
        Assert.Equal(2, harness.Log.Records.Count(record => record.Name == "MarkerStuck"));
        harness.StillServes();
    }

    [Fact]
    public async Task On_a_full_disk_a_marker_may_be_dropped_anew()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        await using EngineHarness harness = await new EngineHarness(disk.Path, state: state.Path).StartAsync();
        harness.Mark("site");
        harness.Refused(Name.Of("site"), Reason.ItemNotFound, null);
        harness.StageFile("item", "1");
        using (Fd root = disk.Open())
            Unistd.Syncfs(root);
        string filler = disk.Fill(0);
        harness.Mark("site");
        harness.Log.WaitFor("MarkerStuck");

        // The item that was missing, and a new marker: this is another request, and it is the one that is answered.
        File.Move(harness.Staged("item"), harness.Staged("site"));
        File.Delete(harness.Staged("site.ready"));
        harness.Mark("site");
        Eventually.True(() => File.Exists(harness.Live("site")), "the new request is served");
        File.Delete(filler);
        using (Fd root = disk.Open())
            Unistd.Syncfs(root);

        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        harness.StillServes();
        Assert.True(harness.ReadReceipt("site")!.Succeeded);
    }

    [Fact]
    public async Task A_disk_can_be_made_read_only_and_what_is_decided_then_is_told_when_it_is_not()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        await using var harness = new EngineHarness(disk.Path, state: state.Path) { Options = new EngineOptions { BusyLimit = TimeSpan.FromSeconds(2) } };
        await harness.StartAsync();
        harness.Publish("site", "1");
        harness.StageFile("late", "x");
        ParkLate(harness, "late");

        // No file of the daemon's is open for writing while it has nothing to write.
        Eventually.True(() => Command.Run("mount", "-o", "remount,ro", disk.Path).Succeeded, "the disk can be made read-only");
        LogRecord report = harness.Log.WaitFor("MarkerStuck");
        Assert.Contains(nameof(Errno.EROFS), report.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(harness.Staged("late.ready")));
        disk.Remount(readOnly: false);

        harness.Refused("late", Reason.ItemBusy, "changed after its marker");
        harness.Mark("late");
        Assert.True(harness.WaitFor("late").Succeeded);
        harness.StillServes();
    }

    [Fact]
    public async Task A_disk_that_is_read_only_from_the_start_is_explained_and_served_once_it_is_not()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        await using EngineHarness harness = new EngineHarness(disk.Path, state: state.Path);
        harness.StageFile("site", "1");
        harness.Mark("site");
        disk.Remount(readOnly: true);
        await harness.StartAsync();
        Assert.Contains("read-only", harness.Route.Trouble, StringComparison.Ordinal);

        disk.Remount(readOnly: false);

        Assert.True(harness.WaitFor("site").Succeeded);
        Assert.Single(harness.Log.Records, record => record.Name == "RouteUnhealthy");
        harness.StillServes();
    }

    /// <summary>Marks an item and changes it afterwards, so that it waits, with nothing open.</summary>
    private static void ParkLate(EngineHarness harness, string name)
    {
        using (FileStream writer = Drop.OpenForWriting(harness.Staged(name)))
        {
            harness.Mark(name);
            Eventually.True(() =>
            {
                writer.Write("late"u8);
                writer.Flush();
                return Drop.StatusOf(harness.Staged(name)).Changed > Drop.StatusOf(harness.Staged(name + ".ready")).Changed;
            }, "the clock of files moves on");
        }
        Assert.True(File.Exists(harness.Staged(name + ".ready")));
    }
}
