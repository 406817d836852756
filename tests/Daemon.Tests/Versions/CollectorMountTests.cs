using AtomikD.Journal;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Versions;

/// <summary>P7: a version that a visible mount namespace has mounted is never deleted, and who has it is named.</summary>
[Trait("Promise", "P7")]
public sealed class CollectorMountTests
{
    [Theory]
    [InlineData("")]
    [InlineData("/below")]
    [InlineData("/below/it's a \\file")]
    public void A_version_mounted_in_another_namespace_is_spared_and_named(string part)
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Publish("a", Fill);
        string point = part.EndsWith("file", StringComparison.Ordinal) ? Producer.Write($"{scene.Disk}/point", "") : Directory.CreateDirectory($"{scene.Disk}/point").FullName;
        using (OtherProcess container = OtherProcess.Mounting($"mount --bind \"{scene.Target}/a{part.Replace("\\", "\\\\")}\" {point}"))
        {
            scene.Publish("a", "new");
            row = scene.Find(row.Sequence);
            scene.Pass(TimeSpan.FromDays(1)); // No HoldMax ends this.
            SpareReport report = Assert.Single(scene.Collect().Spared);
            Assert.Equal(SpareReason.Mounted, report.Why);
            Assert.Equal((container.Pid, point), (report.Mount!.Pid, report.Mount.Point));
            Assert.Contains(report.Mount.Command, (string[])["sh", "cat"]);
            Assert.Equal(0, scene.Collect().Deleted);
            Assert.Equal(1, scene.Logged("Mounted"));
            Assert.Equal("old", File.ReadAllText($"{scene.PathOf(row)}/below/it's a \\file"));
        }
        scene.Pass(TimeSpan.FromSeconds(11));
        Assert.Equal(1, scene.Collect().Deleted);
    }

    [Fact]
    public void A_version_that_was_mounted_after_the_last_look_is_seen()
    {
        using var scene = new CollectorScene();
        scene.Collector.Mounts.Look(TimeSpan.MinValue);
        scene.Publish("a", "old");
        Directory.CreateDirectory($"{scene.Disk}/point");
        using OtherProcess container = OtherProcess.Mounting($"mount --bind {scene.Target}/a {scene.Disk}/point");
        scene.Publish("a", "new");
        Assert.Equal(SpareReason.Mounted, Assert.Single(scene.Collect().Spared).Why);
    }

    [Fact]
    public void A_version_in_which_something_is_mounted_is_spared_whole()
    {
        Assert.SkipWhen(!Native.IsRoot, "needs root for a mount");
        using var scene = new CollectorScene();
        using var other = new TempFolder();
        other.Write("kept", "kept");
        VersionRow row = scene.Publish("a", Fill);
        Command.Run("mount", "--bind", other.Path, $"{scene.Target}/a/below").Check();
        try
        {
            scene.Publish("a", "new");
            row = scene.Find(row.Sequence);
            SpareReport report = Assert.Single(scene.Collect().Spared);
            Assert.Equal(SpareReason.Mounted, report.Why);
            Assert.True(File.Exists($"{scene.PathOf(row)}/first"));
            Assert.Equal("kept", File.ReadAllText(other["kept"]));
        }
        finally
        {
            Mounts.Unmount($"{scene.PathOf(row)}/below");
        }
        scene.Pass(TimeSpan.FromSeconds(11));
        Assert.Equal(1, scene.Collect().Deleted);
        Assert.Equal("kept", File.ReadAllText(other["kept"]));
    }

    [Fact]
    public void A_point_inside_a_version_counts_in_other_namespaces_too()
    {
        using var scene = new CollectorScene();
        scene.Publish("a", Fill);
        using OtherProcess container = OtherProcess.Mounting($"mount -t tmpfs none {scene.Target}/a/below");
        scene.Publish("a", "new");
        SpareReport report = Assert.Single(scene.Collect().Spared);
        Assert.Equal(SpareReason.Mounted, report.Why);
        Assert.Equal(container.Pid, report.Mount!.Pid);
    }

    [Fact]
    public void A_mount_of_the_target_spares_nothing()
    {
        using var scene = new CollectorScene();
        Directory.CreateDirectory($"{scene.Disk}/point");
        using OtherProcess container = OtherProcess.Mounting($"mount --bind {scene.Target} {scene.Disk}/point");
        scene.Replace("a");
        Assert.Equal(1, scene.Collect().Deleted);
    }

    [Fact]
    public void What_is_mounted_from_the_trash_stays_there()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Publish("a", "old");
        Directory.CreateDirectory($"{scene.Disk}/point");
        using (OtherProcess container = OtherProcess.Mounting($"mount --bind {scene.Target}/a {scene.Disk}/point"))
        {
            scene.Publish("a", "new");
            row = scene.Find(row.Sequence);
            scene.Journal.Write(durable: true, session => session.Take(row.Sequence));
            scene.StartAnew();
            scene.EmptyTrash();
            scene.EmptyTrash();
            Assert.Equal("old", File.ReadAllText($"{scene.InTrash(row)}/file"));
            Assert.Equal(1, scene.Logged("Mounted"));
            Assert.Single(scene.Collector.StuckIn(scene.Folders.Vault.Id));
        }
        scene.Pass(TimeSpan.FromMinutes(11));
        scene.EmptyTrash();
        Assert.Empty(scene.Entries());
        Assert.Empty(scene.Collector.StuckIn(scene.Folders.Vault.Id));
    }

    private static void Fill(string item)
    {
        Producer.Write($"{item}/first", "old");
        Producer.Write($"{item}/below/it's a \\file", "old");
    }
}
