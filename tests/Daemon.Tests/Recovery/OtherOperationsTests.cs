using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>Rollback and remove, dead at each stage.</summary>
[Trait("Promise", "P4")]
public sealed class OtherOperationsTests
{
    public enum Stage
    {
        Intended,
        Claimed,
        Published,
    }

    [Theory]
    [InlineData(Stage.Intended)]
    [InlineData(Stage.Claimed)]
    [InlineData(Stage.Published)]
    public async Task A_rollback_has_happened_or_can_be_asked_for_again(Stage stage)
    {
        await using EngineHarness harness = await TwoVersionsAsync();
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.IntendRollback("site", 0);
            if (stage >= Stage.Claimed)
                scene.Claim(intent);
            if (stage >= Stage.Published)
                scene.Publish(intent);
        }

        await harness.StartAsync();

        bool happened = stage == Stage.Published;
        Assert.Equal(happened ? "one" : "two", harness.ReadLive());
        Assert.Equal(happened ? "1 deleted, 2 retained, 3 live" : "1 retained, 2 live", harness.History());
        harness.AssertTidy();
        await harness.AssertStableAsync();
        if (!happened)
        {
            Commits.CommitResult again = await harness.Engine.RollbackAsync("site", "site", 0, null, Commits.CommitOptions.None, 0, CancellationToken.None);
            Assert.Equal(3, again.Version!.Number);
            Assert.Equal("one", harness.ReadLive());
        }
    }

    [Fact]
    public async Task A_rollback_whose_return_was_not_recorded_is_returned_once()
    {
        await using EngineHarness harness = await TwoVersionsAsync();
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.IntendRollback("site", 0);
            scene.Claim(intent);
            // The first recovery died after its rename.
            Scene.Rename(scene.Vault.Folder, Scene.SlotOf(intent), scene.Vault.Folder, Vault.SlotName(intent.FromSlot, "site"));
        }

        await harness.StartAsync();

        Assert.Equal("1 retained, 2 live", harness.History());
        harness.AssertTidy();
    }

    [Fact]
    public async Task A_rollback_over_nothing_has_happened()
    {
        await using EngineHarness harness = await TwoVersionsAsync();
        File.Delete(harness.Live("site"));
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.IntendRollback("site", 1);
            scene.Claim(intent);
            scene.Publish(intent);
        }

        await harness.StartAsync();

        Assert.Equal("one", harness.ReadLive());
        Assert.Equal("1 deleted, 2 deleted, 3 live", harness.History());
        await harness.AssertStableAsync();
    }

    [Theory]
    [InlineData(Stage.Intended)]
    [InlineData(Stage.Published)]
    public async Task A_removal_has_happened_or_not(Stage stage)
    {
        await using EngineHarness harness = await TwoVersionsAsync();
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.IntendRemove("site");
            if (stage == Stage.Published)
                scene.Publish(intent);
        }

        await harness.StartAsync();

        bool happened = stage == Stage.Published;
        Assert.Equal(happened ? null : "two", harness.ReadLive());
        string states = string.Join(", ", harness.Versions().Where(version => version.Operation == Operation.Commit).Reverse().Select(version => $"{version.Number} {version.State}"));
        Assert.Equal(happened ? "1 Retained, 2 Retained" : "1 Retained, 2 Live", states);
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }

    [Fact]
    public async Task What_a_rollback_exchanged_with_a_stranger_goes_to_lost_and_found_when_nothing_else_is_known()
    {
        await using EngineHarness harness = await TwoVersionsAsync();
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.IntendRollback("site", 0);
            scene.Claim(intent);
            ReplaceLive(harness, "stranger");
            scene.Publish(intent);
            ReplaceLive(harness, "another");
        }

        await harness.StartAsync();

        Assert.Equal("another", harness.ReadLive());
        string kept = Assert.Single(harness.LostAndFound());
        Assert.Equal("stranger", File.ReadAllText(Path.Combine(harness.VaultPath, "lost+found", kept)));
        harness.AssertTidy(strays: 1);
    }

    private static void ReplaceLive(EngineHarness harness, string text)
    {
        Producer.Write(harness.Live("aside"), text);
        File.Move(harness.Live("aside"), harness.Live("site"), overwrite: true);
    }

    private static async Task<EngineHarness> TwoVersionsAsync()
    {
        var harness = new EngineHarness();
        await harness.StartAsync();
        Assert.Equal(1, harness.Publish("site", "one").Version);
        Assert.Equal(2, harness.Publish("site", "two").Version);
        await harness.StopAsync();
        return harness;
    }
}
