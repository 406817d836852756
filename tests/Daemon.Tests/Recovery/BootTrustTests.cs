using System.Security.Cryptography;
using System.Text;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>Contents are trusted only within the boot that wrote them, or up to an orderly stop before it.</summary>
[Trait("Promise", "P3")]
public sealed class BootTrustTests
{
    private static readonly string s_right = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("two")));
    private static readonly string s_wrong = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("three")));

    public enum Wait
    {
        Marked,
        Intended,
        Claimed,
    }

    public static TheoryData<bool, Wait> Waits
    {
        get
        {
            var data = new TheoryData<bool, Wait>();
            foreach (Wait wait in Enum.GetValues<Wait>())
            {
                data.Add(false, wait);
                data.Add(true, wait);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task Of_another_boot_is_interrupted(bool folder, Wait wait)
    {
        await using EngineHarness harness = await CutAsync(folder, wait, CommitOptions.None, "");

        await harness.StartAsync();

        await AssertInterruptedAsync(harness);
    }

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task Of_another_boot_is_committed_when_its_producer_had_synced_it(bool folder, Wait wait)
    {
        await using EngineHarness harness = await CutAsync(folder, wait, new CommitOptions { Synced = true }, """{"synced":true}""");

        await harness.StartAsync();

        await AssertCommittedAsync(harness);
    }

    [Theory]
    [InlineData(Wait.Marked)]
    [InlineData(Wait.Intended)]
    [InlineData(Wait.Claimed)]
    public async Task Of_another_boot_is_committed_when_its_checksum_verifies(Wait wait)
    {
        await using EngineHarness harness = await CutAsync(false, wait, new CommitOptions { Sha256 = s_right }, $$"""{"sha256":"{{s_right}}"}""");

        await harness.StartAsync();

        await AssertCommittedAsync(harness);
    }

    [Theory]
    [InlineData(Wait.Marked)]
    [InlineData(Wait.Intended)]
    [InlineData(Wait.Claimed)]
    public async Task Of_another_boot_is_interrupted_when_its_checksum_does_not_verify(Wait wait)
    {
        await using EngineHarness harness = await CutAsync(false, wait, new CommitOptions { Sha256 = s_wrong }, $$"""{"sha256":"{{s_wrong}}"}""");

        await harness.StartAsync();

        await AssertInterruptedAsync(harness);
    }

    [Fact]
    public async Task Touching_the_marker_again_vouches_for_the_item()
    {
        await using EngineHarness harness = await CutAsync(true, Wait.Marked, CommitOptions.None, "");
        await harness.StartAsync();
        Assert.Equal("INTERRUPTED", harness.WaitFor("site").Reason);

        harness.Mark("site");

        Assert.Equal(2, harness.WaitFor("site").Version);
        Assert.Equal("two", harness.ReadLive());
    }

    [Fact]
    public async Task A_marker_with_an_old_time_is_of_this_boot_when_it_was_made_in_it()
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true);
        harness.Stage(false, "two");
        harness.Mark("site");
        File.SetLastWriteTimeUtc(harness.Staged("site.ready"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        using (var scene = new Scene(harness))
            scene.Claim(scene.Intend(RecoveryCase.Item));

        await harness.StartAsync();

        await AssertCommittedAsync(harness);
    }

    [Fact]
    public async Task What_waited_over_an_orderly_stop_is_trusted_after_it()
    {
        await using EngineHarness harness = await StoppedInOrderAsync();
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        await AssertCommittedAsync(harness);
    }

    [Fact]
    public async Task What_waited_over_an_orderly_stop_is_trusted_although_the_daemon_died_since_the_boot()
    {
        await using EngineHarness harness = await StoppedInOrderAsync();
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);
        new Scene(harness).Dispose();

        await harness.StartAsync();

        await AssertCommittedAsync(harness);
    }

    [Fact]
    public async Task What_came_after_an_orderly_stop_is_not_trusted()
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true);
        harness.Stage(false, "two");
        harness.Mark("site");
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        await AssertInterruptedAsync(harness);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_came_while_the_daemon_stopped_is_not_trusted(bool durable)
    {
        Durability durability = durable ? Durability.Full : Durability.None;
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true, route => route with { Durability = durability });
        harness.Options = harness.Options with
        {
            Step = step =>
            {
                if (step != "synced for the stop")
                    return;
                harness.Stage(false, "two");
                harness.Mark("site");
            },
        };
        await harness.StartAsync();
        await harness.StopAsync();
        harness.Options = RecoveryCase.AnotherBoot(harness.Options) with { Step = null };

        await harness.StartAsync();

        await AssertInterruptedAsync(harness);
    }

    [Fact]
    public async Task What_came_before_a_stop_that_was_not_in_order_is_not_trusted()
    {
        await using EngineHarness harness = await StoppedInOrderAsync();
        new Scene(harness).Dispose();
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        await AssertInterruptedAsync(harness);
    }

    /// <summary>Item and marker of another boot, in that state; version 1 is live.</summary>
    private static async Task<EngineHarness> CutAsync(bool folder, Wait wait, CommitOptions options, string marker)
    {
        EngineHarness harness = await RecoveryCase.NewAsync(folder, replace: true);
        harness.Stage(folder, "two");
        harness.Mark("site", marker);
        using (var scene = new Scene(harness))
        {
            Intent? intent = wait >= Wait.Intended ? scene.Intend(RecoveryCase.Item, options: options) : null;
            if (wait == Wait.Claimed)
                scene.Claim(intent!);
        }
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);
        return harness;
    }

    /// <summary>The engine has stopped in order while item and marker waited for a writer to close.</summary>
    private static async Task<EngineHarness> StoppedInOrderAsync()
    {
        EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true);
        await harness.StartAsync();
        harness.Stage(false, "two");
        using (var writer = new FileStream(harness.Staged("site"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            harness.Mark("site");
            Lane lane = Assert.Single(harness.Engine.Lanes);
            Eventually.True(() => lane.Room.ParkedCount == 1, "the request is parked");
            // The stop vouches for what is older than the steps of the clock that dates files.
            DateTime marked = File.GetLastWriteTimeUtc(harness.Staged("site.ready"));
            Eventually.True(() => TimeProvider.System.GetUtcNow().UtcDateTime - marked > TimeSpan.FromMilliseconds(50), "the marker is no longer new");
            await harness.StopAsync();
        }
        Assert.True(harness.HasMarker());
        return harness;
    }

    private static async Task AssertInterruptedAsync(EngineHarness harness)
    {
        Receipt receipt = harness.WaitFor("site");
        Assert.Equal("INTERRUPTED", receipt.Reason);
        Assert.True(receipt.Json.GetProperty("retryable").GetBoolean());
        Assert.Equal("two", harness.ReadStaged());
        Assert.Equal("one", harness.ReadLive());
        Assert.Equal("1 live", harness.History());
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }

    private static async Task AssertCommittedAsync(EngineHarness harness)
    {
        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(2, receipt.Version);
        Assert.Equal("two", harness.ReadLive());
        Assert.Equal("1 retained, 2 live", harness.History());
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }
}
