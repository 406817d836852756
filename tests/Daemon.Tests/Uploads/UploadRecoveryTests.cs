using System.Security.Cryptography;
using System.Text;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Recovery;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>The daemon died with an upload at each stage.</summary>
[Trait("Promise", "P3")]
public sealed class UploadRecoveryTests
{
    private const string Upload = "0000000000abc";
    private static readonly string s_right = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("two")));
    private static readonly string s_wrong = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("three")));

    public static TheoryData<bool, bool> Shapes => RecoveryCase.Shapes;

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task What_was_being_received_is_gone(bool folder, bool replace)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace);
        using (new Scene(harness))
            Receive(harness, folder);

        await harness.StartAsync();

        await AssertNotCommittedAsync(harness, replace, interrupted: false);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Intended_and_not_claimed_is_gone(bool folder, bool replace)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace);
        using (var scene = new Scene(harness))
        {
            Receive(harness, folder);
            scene.IntendUpload(Upload, RecoveryCase.Item);
        }

        await harness.StartAsync();

        await AssertNotCommittedAsync(harness, replace, interrupted: false);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Claimed_in_this_boot_goes_on(bool folder, bool replace)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace);
        Claim(harness, folder, new CommitOptions { RequestId = "r1" });

        await harness.StartAsync();

        await AssertCommittedAsync(harness, replace);
        CommitResult again = await harness.UploadFileAsync("site", "two", new CommitOptions { RequestId = "r1" });
        Assert.True(again.Repeated);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Claimed_in_another_boot_is_interrupted(bool folder, bool replace)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace);
        Claim(harness, folder, CommitOptions.None);
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        await AssertNotCommittedAsync(harness, replace, interrupted: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_another_boot_with_a_checksum_it_is_verified(bool right)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true);
        Claim(harness, folder: false, new CommitOptions { Sha256 = right ? s_right : s_wrong });
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        if (right)
            await AssertCommittedAsync(harness, replace: true);
        else
            await AssertNotCommittedAsync(harness, replace: true, interrupted: true);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Published_is_settled(bool folder, bool replace)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace);
        using (var scene = new Scene(harness))
        {
            Receive(harness, folder);
            Intent intent = scene.IntendUpload(Upload, RecoveryCase.Item);
            scene.ClaimUpload(intent, Upload);
            scene.Seal(intent);
            scene.Publish(intent);
        }

        await harness.StartAsync();

        await AssertCommittedAsync(harness, replace);
    }

    [Fact]
    public async Task Something_else_in_its_slot_is_never_deleted()
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true);
        using (var scene = new Scene(harness))
        {
            Receive(harness, folder: false);
            Intent intent = scene.IntendUpload(Upload, RecoveryCase.Item);
            File.WriteAllText(Path.Combine(harness.VaultPath, Scene.SlotOf(intent).ToString()), "unknown");
        }

        await harness.StartAsync();

        Assert.Equal("one", harness.ReadLive());
        string stray = Assert.Single(harness.LostAndFound());
        Assert.Equal("unknown", File.ReadAllText(Path.Combine(harness.VaultPath, "lost+found", stray)));
        Assert.DoesNotContain(Sender.Names(harness.Staging), name => !name.EndsWith(".done", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_goes_on_and_is_refused_leaves_nothing()
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: true, replace: false, route => route with { Overwrite = OverwritePolicy.Never });
        Claim(harness, folder: true, CommitOptions.None);
        File.WriteAllText(harness.Live("site"), "a stranger's");

        await harness.StartAsync();

        Eventually.True(() => harness.Route.Failures == 1, "it is refused");
        Assert.Equal("a stranger's", File.ReadAllText(harness.Live("site")));
        harness.AssertNothingIsLeft("site");
        Assert.Empty(harness.Slots());
    }

    /// <summary>By now all of it stands in the upload folder.</summary>
    private static void Receive(EngineHarness harness, bool folder) => RecoveryCase.Write(Path.Combine(harness.VaultPath, "upload", Upload), folder, "two");

    private static void Claim(EngineHarness harness, bool folder, CommitOptions options)
    {
        using var scene = new Scene(harness);
        Receive(harness, folder);
        scene.ClaimUpload(scene.IntendUpload(Upload, RecoveryCase.Item, options), Upload);
    }

    private static async Task AssertCommittedAsync(EngineHarness harness, bool replace)
    {
        Eventually.True(() => harness.ReadLive() == "two", "it is live");
        Eventually.True(() => harness.History() == (replace ? "1 retained, 2 live" : "1 live"), "it is settled");
        AssertNothingIsLeft(harness);
        await harness.AssertStableAsync();
    }

    private static async Task AssertNotCommittedAsync(EngineHarness harness, bool replace, bool interrupted)
    {
        if (interrupted)
        {
            Eventually.True(() => Failures(harness).Count == 1, "its failure is told");
            FailureRow failure = Failures(harness)[0];
            Assert.Equal(Reason.Interrupted, failure.Reason);
            Assert.Equal("site", failure.Name);
            Assert.Contains("the upload of site", failure.Message, StringComparison.Ordinal);
        }
        Assert.Equal(replace ? "one" : null, harness.ReadLive());
        Assert.Equal(replace ? "1 live" : "", harness.History());
        AssertNothingIsLeft(harness);
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }

    private static IReadOnlyList<FailureRow> Failures(EngineHarness harness) => harness.Engine.Journal.Write(false, session => session.FailuresBefore("site", null, long.MaxValue, 10));

    private static void AssertNothingIsLeft(EngineHarness harness)
    {
        Assert.Empty(Sender.Names(Path.Combine(harness.VaultPath, "upload")));
        Assert.DoesNotContain(Sender.Names(harness.Staging), name => name != "site.done");
        Eventually.True(() => Sender.Names(Path.Combine(harness.VaultPath, "trash")).Length == 0, "the trash is emptied");
    }
}
