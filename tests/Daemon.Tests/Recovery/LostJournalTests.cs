using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>Journal and folders that do not belong to one moment: one of them is lost, older, or somebody was at it.</summary>
[Trait("Promise", "P4")]
public sealed class LostJournalTests
{
    [Fact]
    public async Task Unknown_slots_go_to_lost_and_found_with_a_warning()
    {
        await using EngineHarness harness = await PublishedAsync("one", "two");
        string stray = new SlotId(12345) + "~site";
        Producer.Write(Path.Combine(harness.VaultPath, stray), "whose?");
        Producer.Write(Path.Combine(harness.VaultPath, "notes", "page"), "an administrator's");

        await harness.StartAsync();

        Assert.Equal(["notes", stray], harness.LostAndFound().OrderDescending(StringComparer.Ordinal));
        Assert.Equal(2, harness.Log.Records.Count(record => record.Name == "UnknownSlot"));
        Assert.Equal("1 retained, 2 live", harness.History());
        harness.AssertTidy(strays: 2);
    }

    [Fact]
    public async Task A_new_journal_over_an_old_vault_goes_on_by_what_stands()
    {
        await using EngineHarness harness = await PublishedAsync("one", "two", "three");
        Directory.Delete(harness.StateDirectory, recursive: true);

        await harness.StartAsync();

        Assert.Equal("three", harness.ReadLive());
        Assert.Equal(2, harness.LostAndFound().Length);
        Receipt receipt = harness.Publish("site", "four");
        Assert.Equal(4, receipt.Version);
        Assert.Equal("0 retained, 4 live", NumbersOf(harness));
        harness.AssertTidy(strays: 2);
    }

    [Fact]
    public async Task An_older_journal_gives_no_number_twice()
    {
        await using EngineHarness harness = await PublishedAsync("one");
        string backup = Path.Combine(harness.Root, "backup");
        CopyState(harness.StateDirectory, backup);
        await harness.StartAsync();
        harness.Publish("site", "two");
        harness.Publish("site", "three");
        await harness.StopAsync();
        Directory.Delete(harness.StateDirectory, recursive: true);
        CopyState(backup, harness.StateDirectory);

        await harness.StartAsync();

        Assert.Equal("three", harness.ReadLive());
        Assert.Equal(2, harness.LostAndFound().Length);
        Assert.Equal(4, harness.Publish("site", "four").Version);
        Assert.Equal("four", harness.ReadLive());
        harness.AssertTidy(strays: 2);
    }

    [Fact]
    public async Task A_backup_made_while_it_ran_is_put_back()
    {
        await using EngineHarness harness = await PublishedAsync("one");
        await harness.StartAsync();
        Assert.True(harness.Publish("site", "two").Succeeded);
        string backup = Path.Combine(harness.Root, "backup.db");
        using (Fd copy = harness.Engine.Journal.Copy(CancellationToken.None))
            File.Copy($"/proc/self/fd/{copy.Number}", backup);
        Assert.True(harness.Publish("site", "three").Succeeded);
        await harness.StopAsync();
        foreach (string file in Directory.EnumerateFiles(harness.StateDirectory, "journal.db*"))
            File.Delete(file);
        File.Copy(backup, Path.Combine(harness.StateDirectory, "journal.db"));

        await harness.StartAsync();

        // It knows of one and two; that two was replaced, and what three is, it does not.
        Assert.Equal("three", harness.ReadLive());
        Assert.Single(harness.LostAndFound());
        Assert.Equal("1 retained", NumbersOf(harness));
        Assert.Equal(4, harness.Publish("site", "four").Version);
        Assert.Equal("four", harness.ReadLive());
        harness.AssertTidy(strays: 1);
    }

    [Fact]
    public async Task An_older_journal_with_an_open_intent_publishes_nothing_old()
    {
        await using EngineHarness harness = await PublishedAsync("one");
        string backup = Path.Combine(harness.Root, "backup");
        harness.Stage(false, "two");
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Journal.Dispose();
            CopyState(harness.StateDirectory, backup);
            scene.Claim(intent);
            scene.Publish(intent);
        }
        await harness.StartAsync();
        Assert.Equal("1 retained, 2 live", harness.History());
        harness.Publish("site", "three");
        await harness.StopAsync();
        Directory.Delete(harness.StateDirectory, recursive: true);
        CopyState(backup, harness.StateDirectory);

        await harness.StartAsync();

        Assert.Equal("three", harness.ReadLive());
        Assert.DoesNotContain(harness.Versions(), version => version.State == VersionState.Live);
        Assert.Equal(4, harness.Publish("site", "four").Version);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_publish_that_the_file_system_lost_is_undone(bool claimed)
    {
        await using EngineHarness harness = await PublishedAsync("one", "two");
        using (var scene = new Scene(harness))
        {
            VersionRow old = scene.Journal.Write(false, session => session.RollbackTarget(scene.Vault.Id, "site", 0)!);
            Name slot = Vault.SlotName(old.Slot, "site");
            Scene.Rename(scene.Vault.Folder, slot, scene.Target, Name.Of("site"), Stdio.RENAME_EXCHANGE);
            if (!claimed)
                Scene.Rename(scene.Vault.Folder, slot, scene.Staging, Name.Of("site"));
        }

        await harness.StartAsync();

        harness.Log.WaitFor("PublishWasLost");
        Assert.Equal("one", harness.ReadLive());
        Assert.Equal("1 live, 2 deleted", harness.History());
        harness.AssertTidy(strays: claimed ? 1 : 0);
        Assert.Equal(claimed ? null : "two", harness.ReadStaged());
        Receipt next = harness.Publish("site", "three");
        Assert.Equal(3, next.Version);
        Assert.Equal(1, next.Json.GetProperty("replaced").GetInt64());
        Assert.Equal("1 retained, 2 deleted, 3 live", harness.History());
    }

    [Fact]
    public async Task A_removal_that_the_file_system_lost_is_undone()
    {
        await using EngineHarness harness = await PublishedAsync("one");
        await harness.StartAsync();
        Assert.Null((await harness.Engine.RemoveAsync("site", "site", Commits.CommitOptions.None, 0, CancellationToken.None)).Refusal);
        await harness.StopAsync();
        using (var scene = new Scene(harness))
        {
            VersionRow old = scene.Journal.Write(false, session => session.RollbackTarget(scene.Vault.Id, "site", 0)!);
            Scene.Rename(scene.Vault.Folder, Vault.SlotName(old.Slot, "site"), scene.Target, Name.Of("site"));
        }

        await harness.StartAsync();

        Assert.Equal("one", harness.ReadLive());
        VersionRow live = Assert.Single(harness.Versions(), version => version.State == VersionState.Live);
        Assert.Equal(1, live.Number);
        Assert.Equal(1, harness.Publish("site", "two", """{"expectedVersion":1}""").Json.GetProperty("replaced").GetInt64());
    }

    [Fact]
    public async Task A_retained_version_that_somebody_removed_is_no_longer_listed()
    {
        await using EngineHarness harness = await PublishedAsync("one", "two");
        File.Delete(Path.Combine(harness.VaultPath, Assert.Single(harness.Slots())));

        await harness.StartAsync();

        harness.Log.WaitFor("RetainedIsGone");
        Assert.Equal("1 deleted, 2 live", harness.History());
        Assert.Equal(Reason.VersionNotFound, (await harness.Engine.RollbackAsync("site", "site", 0, null, Commits.CommitOptions.None, 0, CancellationToken.None)).Refusal!.Reason);
    }

    [Fact]
    public async Task Another_thing_in_a_retained_slot_is_never_published()
    {
        await using EngineHarness harness = await PublishedAsync("one", "two");
        string slot = Path.Combine(harness.VaultPath, Assert.Single(harness.Slots()));
        File.Delete(slot);
        Producer.Write(slot, "planted");

        await harness.StartAsync();

        Assert.Equal("1 deleted, 2 live", harness.History());
        harness.AssertTidy(strays: 1);
    }

    private static string NumbersOf(EngineHarness harness) => string.Join(", ", harness.Versions().Where(version => version.State != VersionState.Deleted)
        .OrderBy(version => version.Number).Select(version => $"{version.Number} {version.State.ToString().ToLowerInvariant()}"));

    private static async Task<EngineHarness> PublishedAsync(params string[] texts)
    {
        var harness = new EngineHarness(configure: route => route with { KeepFor = TimeSpan.FromHours(1), Durability = Durability.None });
        await harness.StartAsync();
        foreach (string text in texts)
            Assert.True(harness.Publish("site", text).Succeeded);
        await harness.StopAsync();
        return harness;
    }

    private static void CopyState(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from, "journal.db*"))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
