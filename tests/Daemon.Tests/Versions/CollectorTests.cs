using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Versions;

/// <summary>P7: a replaced version is deleted only when policy allows, and only if it is the one that the journal means.</summary>
[Trait("Promise", "P7")]
public sealed class CollectorTests
{
    [Fact]
    public void A_version_beyond_Keep_goes_once_KeepFor_has_passed()
    {
        using var scene = new CollectorScene(change: s => s with { Keep = 1, KeepFor = TimeSpan.FromMinutes(1) });
        VersionRow first = scene.Publish("a", "one");
        scene.Publish("a", "two");
        scene.Pass(TimeSpan.FromHours(1));
        Assert.Equal(0, scene.Collect().Deleted);

        scene.Publish("a", "three");
        first = scene.Find(first.Sequence);
        Assert.Equal(1, scene.Collect().Deleted);
        Assert.Equal(VersionState.Deleted, scene.StateOf(first));

        VersionRow second = scene.Find(scene.Publish("a", "four").Sequence - 2);
        scene.Pass(TimeSpan.FromSeconds(59));
        Assert.Equal(0, scene.Collect().Deleted);
        Assert.True(Directory.Exists(scene.PathOf(second)));
        scene.Pass(TimeSpan.FromSeconds(1));
        CollectResult result = scene.Collect();

        Assert.Equal(1, result.Deleted);
        Assert.True(result.Bytes > 0);
        Assert.Empty(result.Spared);
        Assert.False(Directory.Exists(scene.PathOf(second)));
        Assert.Empty(scene.Entries());
        Assert.Equal("four", File.ReadAllText($"{scene.Target}/a/file"));
        Assert.Equal(1, scene.Journal.Write(false, s => s.RetainedTotals(scene.Folders.Vault.Id)).Versions);
        scene.Logs.AssertNoUnexpectedErrors();
    }

    [Fact]
    public void A_jump_of_the_wall_clock_deletes_nothing()
    {
        using var scene = new CollectorScene(change: s => s with { KeepFor = TimeSpan.FromMinutes(1) });
        VersionRow old = scene.Replace("a");
        scene.Wall += TimeSpan.FromDays(10_000);
        Assert.Equal(0, scene.Collect(now: true).Deleted);
        Assert.Equal(VersionState.Retained, scene.StateOf(old));
    }

    [Fact]
    public void Many_small_versions_go_in_one_pass()
    {
        using var scene = new CollectorScene();
        for (int i = 0; i < 200; i++)
            scene.Replace($"n{i}");
        Assert.Equal(200, scene.Collect().Deleted);
        Assert.Empty(scene.Entries());
        Assert.Equal(0, scene.Journal.Write(false, s => s.RetainedTotals(scene.Folders.Vault.Id)).Versions);
    }

    [Fact]
    public void Files_and_links_are_deleted_and_nothing_is_followed()
    {
        using var scene = new CollectorScene();
        using var outside = new TempFolder();
        outside.Write("kept", "kept");
        scene.Publish("file", path => Producer.Write(path, "old"));
        scene.Publish("file", path => Producer.Write(path, "new"));
        scene.Publish("link", path => File.CreateSymbolicLink(path, outside.Path));
        scene.Publish("link", path => File.CreateSymbolicLink(path, "new"));
        scene.Publish("folder", path => Directory.CreateSymbolicLink($"{Directory.CreateDirectory(path).FullName}/out", outside.Path));
        scene.Publish("folder", "new");
        Assert.Equal(3, scene.Collect().Deleted);
        Assert.Equal("kept", File.ReadAllText(outside["kept"]));
        Assert.Equal("new", File.ReadAllText($"{scene.Target}/file"));
    }

    [Fact]
    public void What_is_not_the_rows_is_never_deleted()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Replace("a");
        Directory.Move(scene.PathOf(row), $"{scene.Disk}/away");
        Directory.CreateDirectory(scene.PathOf(row));
        Producer.Write($"{scene.PathOf(row)}/precious", "not the daemon's");

        Assert.Equal(0, scene.Collect().Deleted);

        Assert.Equal(VersionState.Deleted, scene.StateOf(row));
        Assert.Equal("not the daemon's", File.ReadAllText($"{scene.Entries("lost+found").Single()}/precious"));
        Assert.Equal("old", File.ReadAllText($"{scene.Disk}/away/file"));
        Assert.Equal(1, scene.Logged("NotItsRow"));
    }

    [Fact]
    public void A_slot_that_somebody_emptied_is_written_off()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Replace("a");
        Directory.Delete(scene.PathOf(row), recursive: true);
        Assert.Equal(0, scene.Collect().Deleted);
        Assert.Equal(VersionState.Deleted, scene.StateOf(row));
        Assert.Equal(1, scene.Logged("SlotIsGone"));
    }

    [Fact]
    public void Rollback_and_collection_never_both_get_a_version()
    {
        using var scene = new CollectorScene();
        List<VersionRow> rows = [.. Enumerable.Range(0, 20).Select(i => scene.Replace($"n{i}"))];
        List<VersionRow> taken = [.. rows.Where((_, i) => i % 4 == 0)];
        List<VersionRow> returned = [.. rows.Where((_, i) => i % 4 == 1)];
        int looks = 0;
        scene.OnClock = () =>
        {
            // The first time when the pass begins, the second when it has its list of what is due and has taken nothing yet.
            if (++looks != 2)
                return;
            scene.Journal.Write(durable: false, session => taken.Concat(returned).Count(row => session.Take(row.Sequence)));
            returned.ForEach(row => Directory.Move(scene.PathOf(row), scene.PathOf(row) + ".rollback"));
            returned.ForEach(row => Directory.Move(scene.PathOf(row) + ".rollback", scene.PathOf(row)));
            scene.Journal.Write(durable: false, session =>
            {
                returned.ForEach(row => session.Return(row.Sequence));
                return true;
            });
        };
        Assert.Equal(15, scene.Collect().Deleted);

        foreach (VersionRow row in rows)
        {
            Assert.Equal(taken.Contains(row), Directory.Exists(scene.PathOf(row)));
            Assert.Equal(taken.Contains(row) ? VersionState.Leaving : VersionState.Deleted, scene.StateOf(row));
        }
        Assert.All(taken, row => Assert.Equal("old", File.ReadAllText($"{scene.PathOf(row)}/file")));
        scene.Logs.AssertNoUnexpectedErrors();
    }

    [Fact]
    public void Prune_does_not_overstep_policy()
    {
        using var scene = new CollectorScene(change: s => s with { Keep = 1, KeepFor = TimeSpan.FromMinutes(1) });
        scene.Publish("a", "one");
        scene.Publish("a", "two");
        scene.Publish("a", "three");
        Assert.Equal(0, scene.Collect(now: true).Deleted);
        scene.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(1, scene.Collect(now: true).Deleted);
    }

    [Fact]
    public void A_vault_that_is_not_where_it_was_is_left_alone()
    {
        using var scene = new CollectorScene();
        VersionRow row = scene.Replace("a");
        Directory.Move(scene.Target, scene.Target + ".away");
        Directory.CreateDirectory(scene.Target);
        Assert.Equal(0, scene.Collect().Deleted);
        Assert.Equal(VersionState.Retained, scene.StateOf(row));
        Directory.Delete(scene.Target);
        Directory.Move(scene.Target + ".away", scene.Target);
        Assert.Equal(1, scene.Collect().Deleted);
    }

    [Fact]
    public void A_route_without_durability_still_collects()
    {
        using var scene = new CollectorScene(change: s => s with { Durability = Durability.None });
        scene.Replace("a");
        Assert.Equal(1, scene.Collect().Deleted);
    }
}
