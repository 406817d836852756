using AtomikD.Journal;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Versions;

/// <summary>P7: a version that a reader holds stays until it is let go, or HoldMax has passed.</summary>
[Trait("Promise", "P7")]
public sealed class CollectorHoldTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_held_version_is_spared_and_goes_after_its_release(bool isFolder)
    {
        using var scene = new CollectorScene();
        VersionRow row = Make(scene, isFolder);
        using (OtherProcess reader = OtherProcess.Holding($"{scene.Target}/a"))
        {
            scene.Publish("a", "new");
            SpareReport report = Assert.Single(scene.Collect(now: true).Spared);
            Assert.Equal(SpareReason.Held, report.Why);
            Assert.Equal(row.Sequence, report.Version.Sequence);
            Assert.Equal(VersionState.Retained, scene.StateOf(row));
        }
        Assert.Equal(1, scene.Collect().Deleted);
        Assert.DoesNotContain(scene.Logs.Records, record => record.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Fact]
    public void A_hold_ends_with_HoldMax()
    {
        using var scene = new CollectorScene(change: s => s with { HoldMax = TimeSpan.FromMinutes(10) });
        VersionRow row = scene.Publish("a", "old");
        using OtherProcess reader = OtherProcess.Holding($"{scene.Target}/a");
        scene.Publish("a", "new");
        scene.Pass(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, scene.Collect().Deleted);
        scene.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(1, scene.Collect().Deleted);
        Assert.False(Directory.Exists(scene.PathOf(scene.Find(row.Sequence))));
        Assert.Equal(1, scene.Logged("HoldOverdue"));
    }

    [Fact]
    public void A_held_version_does_not_stand_in_the_way_of_others()
    {
        using var scene = new CollectorScene();
        scene.Publish("a", "old");
        using OtherProcess reader = OtherProcess.Holding($"{scene.Target}/a");
        scene.Publish("a", "new");
        for (int i = 0; i < 100; i++)
            scene.Replace($"n{i}");
        CollectResult result = scene.Collect();
        Assert.Equal(100, result.Deleted);
        Assert.Single(result.Spared);
    }

    [Fact]
    public void What_an_earlier_run_left_in_the_trash_is_held_too()
    {
        using var scene = new CollectorScene(change: s => s with { HoldMax = TimeSpan.FromMinutes(10) });
        VersionRow row = scene.Publish("a", "old");
        using OtherProcess reader = OtherProcess.Holding($"{scene.Target}/a");
        scene.Publish("a", "new");
        row = scene.Find(row.Sequence);
        scene.Journal.Write(durable: true, session => session.Take(row.Sequence));
        Directory.Move(scene.PathOf(row), scene.InTrash(row));
        scene.StartAnew();

        scene.EmptyTrash();
        Assert.Equal("old", File.ReadAllText($"{scene.InTrash(row)}/file"));
        scene.Pass(TimeSpan.FromMinutes(11));
        scene.EmptyTrash();
        Assert.Empty(scene.Entries());
        Assert.Equal(1, scene.Logged("TrashHoldOverdue"));
    }

    private static VersionRow Make(CollectorScene scene, bool isFolder) => isFolder
        ? scene.Publish("a", "old")
        : scene.Publish("a", path => Producer.Write(path, "old"));
}
