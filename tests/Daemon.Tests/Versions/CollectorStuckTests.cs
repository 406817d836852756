using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Versions;

/// <summary>What cannot be deleted is told once, tried again later, and stops nothing else.</summary>
[Trait("Promise", "P7")]
public sealed class CollectorStuckTests
{
    [Fact]
    public void An_immutable_file_stops_nothing_else()
    {
        Assert.SkipWhen(!Native.IsRoot, "needs root for the immutable attribute");
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var scene = new CollectorScene(disk.Path);
        VersionRow row = scene.Publish("a", item =>
        {
            Producer.Write($"{item}/other", "goes");
            Producer.Write($"{item}/deep/fixed", "stays");
        });
        scene.Publish("a", "new");
        row = scene.Find(row.Sequence);
        Command.Run("chattr", "+i", $"{scene.PathOf(row)}/deep/fixed").Check();
        for (int i = 0; i < 5; i++)
            scene.Replace($"n{i}");

        CollectResult result = scene.Collect();
        Assert.Equal(5, result.Deleted);
        SpareReport report = Assert.Single(result.Spared);
        Assert.Equal((SpareReason.Undeletable, Errno.EPERM, $"{scene.InTrash(row)}/deep/fixed"), (report.Why, report.Error, report.Path));
        Assert.Equal([$"{scene.InTrash(row)}/deep"], Directory.GetFileSystemEntries(scene.InTrash(row)));
        Assert.Equal(VersionState.Deleted, scene.StateOf(row));

        Command.Run("chattr", "-i", $"{scene.InTrash(row)}/deep/fixed").Check();
        scene.Pass(TimeSpan.FromMinutes(9));
        scene.Collect();
        Assert.Single(scene.Entries()); // It is not tried on every pass,
        Assert.Single(scene.Collector.StuckIn(scene.Folders.Vault.Id));
        scene.Pass(TimeSpan.FromMinutes(2));
        scene.Collect();
        Assert.Empty(scene.Entries()); // but every ten minutes,
        Assert.Equal(1, scene.Logged("Undeletable")); // and told once.
        Assert.Empty(scene.Collector.StuckIn(scene.Folders.Vault.Id));
    }

    [Fact]
    public void A_version_that_cannot_leave_its_slot_is_retained_again()
    {
        Assert.SkipWhen(!Native.IsRoot, "needs root for the immutable attribute");
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var scene = new CollectorScene(disk.Path);
        VersionRow row = scene.Replace("a");
        Command.Run("chattr", "+i", scene.PathOf(row)).Check();
        SpareReport report = Assert.Single(scene.Collect().Spared);
        Assert.Equal((SpareReason.Undeletable, Errno.EPERM, scene.PathOf(row)), (report.Why, report.Error, report.Path));
        Assert.Equal(VersionState.Retained, scene.StateOf(row));
        Assert.Single(scene.Collect().Spared);
        Assert.Equal(1, scene.Logged("Undeletable"));

        Command.Run("chattr", "-i", scene.PathOf(row)).Check();
        scene.Pass(TimeSpan.FromMinutes(11));
        Assert.Equal(1, scene.Collect().Deleted);
    }

    [Fact]
    public void After_a_failed_sync_nothing_more_is_taken()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var scene = new CollectorScene(disk.Path);
        scene.Logs.Expect("SyncFailed");
        VersionRow row = scene.Replace("a");
        using (Fd root = disk.Open())
            Assert.Equal(Errno.None, Unistd.Syncfs(root));
        disk.Shutdown();
        Assert.Equal(0, scene.Collect().Deleted);
        Assert.NotEqual(VersionState.Deleted, scene.StateOf(row));
    }
}
