using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Versions;

/// <summary>A collection may die anywhere: what stands in a slot is whole, and what was begun comes to its end.</summary>
[Trait("Promise", "P7")]
public sealed class CollectorCrashTests
{
    [Fact]
    public void After_the_taking()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Replace("a");
        scene.Journal.Write(durable: true, session => session.Take(row.Sequence));
        AssertEnds(scene, row);
    }

    [Fact]
    public void After_the_rename()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Replace("a");
        scene.Journal.Write(durable: true, session => session.Take(row.Sequence));
        Directory.Move(scene.PathOf(row), scene.InTrash(row));
        AssertEnds(scene, row);
    }

    [Fact]
    public void In_the_middle_of_the_deletion()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Replace("a");
        scene.Journal.Write(durable: true, session => session.Take(row.Sequence));
        Directory.Move(scene.PathOf(row), scene.InTrash(row));
        File.Delete($"{scene.InTrash(row)}/file");
        AssertEnds(scene, row);
    }

    [Fact]
    public void After_the_deletion()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Replace("a");
        scene.Journal.Write(durable: true, session => session.Take(row.Sequence));
        Directory.Delete(scene.PathOf(row), recursive: true);
        AssertEnds(scene, row);
    }

    [Fact]
    public void What_nobody_knows_in_the_trash_goes_too()
    {
        using var scene = new CollectorScene();
        Producer.Write($"{scene.VaultPath}/trash/0000000000000/deep/file", "x");
        Producer.Write($"{scene.VaultPath}/trash/file", "x");
        File.CreateSymbolicLink($"{scene.VaultPath}/trash/link", scene.Target);
        scene.EmptyTrash();
        Assert.Empty(scene.Entries());
        Assert.True(Directory.Exists(scene.Target));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public void Without_durability_one_whole_version_is_always_on_the_disk(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        using (var scene = new CollectorScene(disk.Path, s => s with { Durability = Durability.None }))
        {
            scene.Publish("a", "old");
            using (Fd root = disk.Open())
                Assert.Equal(Errno.None, Unistd.Syncfs(root));
            scene.Publish("a", "new, and never synced by its commit");
            Assert.Equal(1, scene.Collect().Deleted);
            disk.Shutdown();
        }
        disk.Unmount();
        disk.Mount(anotherLoop: true);
        Assert.Equal("new, and never synced by its commit", File.ReadAllText(disk["target/a/file"]));
    }

    /// <summary>Another run finds it, and only the new version is left.</summary>
    private static void AssertEnds(CollectorScene scene, VersionRow row)
    {
        scene.StartAnew();
        scene.EmptyTrash();
        Assert.Equal(VersionState.Deleted, scene.StateOf(row));
        Assert.False(Path.Exists(scene.PathOf(row)));
        Assert.Empty(scene.Entries());
        Assert.Empty(scene.Entries("lost+found"));
        Assert.Equal("new", File.ReadAllText($"{scene.Target}/a/file"));
        Assert.Equal(CollectResult.Nothing, scene.Collect() with { Spared = CollectResult.Nothing.Spared });
        scene.Logs.AssertNoUnexpectedErrors();
    }
}
