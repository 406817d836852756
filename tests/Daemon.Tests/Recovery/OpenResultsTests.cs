using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>A result that is written, while its telling was not finished or did not reach the disk.</summary>
[Trait("Promise", "P4")]
public sealed class OpenResultsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_settled_commit_that_was_not_told_is_told(bool folder)
    {
        await using EngineHarness harness = await SettledAsync(folder);

        await harness.StartAsync();

        await AssertToldOnceAsync(harness);
    }

    [Fact]
    public async Task A_marker_that_comes_back_after_the_cut_is_no_request()
    {
        await using EngineHarness harness = await SettledAsync(folder: true);
        File.WriteAllText(harness.Staged("site.done"), """{"version":2}""");

        await harness.StartAsync();

        await AssertToldOnceAsync(harness);
    }

    [Fact]
    public async Task A_marker_that_comes_back_does_not_commit_what_its_producer_has_begun_to_write_since()
    {
        await using EngineHarness harness = await SettledAsync(folder: true);
        harness.Stage(true, "half written");

        await harness.StartAsync();

        Assert.Equal(2, harness.WaitFor("site").Version);
        Assert.Equal("two", harness.ReadLive());
        Assert.Equal("half written", harness.ReadStaged());
        Assert.Equal("1 retained, 2 live", harness.History());
        await harness.AssertStableAsync();
    }

    [Fact]
    public async Task An_empty_receipt_is_written_again()
    {
        await using EngineHarness harness = await SettledAsync(folder: false);
        File.WriteAllText(harness.Staged("site.done"), "");
        File.Delete(harness.Staged("site.ready"));

        await harness.StartAsync();

        await AssertToldOnceAsync(harness);
    }

    [Fact]
    public async Task Another_marker_is_a_new_request()
    {
        await using EngineHarness harness = await SettledAsync(folder: false);
        File.Delete(harness.Staged("site.ready"));
        harness.Stage(false, "three");
        File.WriteAllText(harness.Staged("new"), "{}");
        File.Move(harness.Staged("new"), harness.Staged("site.ready"));

        await harness.StartAsync();

        Assert.Equal(3, harness.WaitFor("site").Version);
        Assert.Equal("three", harness.ReadLive());
        Assert.Equal("1 retained, 2 retained, 3 live", harness.History());
        await harness.AssertStableAsync();
    }

    [Fact]
    public async Task A_marker_that_was_taken_and_not_yet_removed_is_removed()
    {
        await using EngineHarness harness = await SettledAsync(folder: false, scene => scene.TakeMarker);
        File.WriteAllText(harness.Staged("site.done"), """{"version":2}""");

        await harness.StartAsync();

        await AssertToldOnceAsync(harness);
    }

    [Fact]
    public async Task Another_marker_that_was_taken_by_mistake_is_put_back_and_served()
    {
        await using EngineHarness harness = await SettledAsync(folder: false, scene => intent =>
        {
            File.Delete(MarkerOf(intent));
            File.WriteAllText(MarkerOf(intent), "{}");
            scene.TakeMarker(intent);
        });
        harness.Stage(false, "three");

        await harness.StartAsync();

        Assert.Equal(3, harness.WaitFor("site").Version);
        Assert.Equal("three", harness.ReadLive());
        await harness.AssertStableAsync();

        static string MarkerOf(Intent intent) => Path.Combine(intent.Staging, $"{intent.Source}.ready");
    }

    [Fact]
    public async Task A_receipt_that_was_made_and_not_placed_leaves_nothing()
    {
        await using EngineHarness harness = await SettledAsync(folder: false, scene => intent => Producer.Write(Path.Combine(scene.Vault.Path, $"{intent.Id}~.receipt"), "{"));

        await harness.StartAsync();

        await AssertToldOnceAsync(harness);
    }

    [Fact]
    public async Task A_refusal_that_was_not_told_is_told()
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true);
        harness.Stage(false, "two");
        harness.Mark("site");
        using (var scene = new Scene(harness))
            scene.Refuse(scene.Intend(RecoveryCase.Item), Reason.TargetExists);

        await harness.StartAsync();

        Assert.Equal("TARGET_EXISTS", harness.WaitFor("site").Reason);
        Assert.Equal("two", harness.ReadStaged());
        Assert.Equal("one", harness.ReadLive());
        await harness.AssertStableAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_commit_that_its_file_system_lost_is_committed_again_when_its_marker_is_back(bool replace)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: true, replace, route => route with { Durability = Configuration.Durability.None, OpenFiles = Configuration.OpenFilesPolicy.Ignore });
        harness.Stage(true, "two");
        harness.Mark("site");
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            scene.Publish(intent);
            scene.Settle(intent);
            scene.Lose(intent);
        }

        await harness.StartAsync();

        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(replace ? 3 : 2, receipt.Version);
        Assert.Equal("two", harness.ReadLive());
        Assert.Equal(replace ? "1 retained, 2 deleted, 3 live" : "1 deleted, 2 live", harness.History());
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }

    /// <summary>Version 2 is settled, its marker stands and no receipt does; then <paramref name="more"/>.</summary>
    private static async Task<EngineHarness> SettledAsync(bool folder, Func<Scene, Action<Intent>>? more = null)
    {
        EngineHarness harness = await RecoveryCase.NewAsync(folder, replace: true);
        File.Delete(harness.Staged("site.done"));
        harness.Stage(folder, "two");
        harness.Mark("site");
        using var scene = new Scene(harness);
        Intent intent = scene.Intend(RecoveryCase.Item);
        scene.Claim(intent);
        scene.Publish(intent);
        scene.Settle(intent);
        more?.Invoke(scene)(intent);
        return harness;
    }

    private static async Task AssertToldOnceAsync(EngineHarness harness)
    {
        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(2, receipt.Version);
        Assert.Equal("two", harness.ReadLive());
        Assert.Null(harness.ReadStaged());
        Assert.Equal("1 retained, 2 live", harness.History());
        harness.AssertTidy();
        await harness.AssertStableAsync();
        Assert.Equal(2, harness.ReadReceipt("site")!.Version);
    }
}
