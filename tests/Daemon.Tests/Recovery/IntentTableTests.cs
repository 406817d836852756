using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>The table of recovery, row by row: a commit that has an intent and no result is judged by what stands where.</summary>
[Trait("Promise", "P3")]
public sealed class IntentTableTests
{
    public static TheoryData<bool, bool> Shapes => RecoveryCase.Shapes;

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Not_claimed_is_forgotten_and_its_marker_is_a_request_as_before(bool folder, bool replace)
    {
        await using EngineHarness harness = await Marked(folder, replace);
        using (var scene = new Scene(harness))
            scene.Intend(RecoveryCase.Item);

        await harness.StartAsync();

        await AssertCommittedAsync(harness, replace);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Claimed_with_its_marker_goes_on(bool folder, bool replace)
    {
        await using EngineHarness harness = await Marked(folder, replace);
        using (var scene = new Scene(harness))
            scene.Claim(scene.Intend(RecoveryCase.Item));

        await harness.StartAsync();

        await AssertCommittedAsync(harness, replace);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Sealed_with_its_marker_goes_on(bool folder, bool replace)
    {
        await using EngineHarness harness = await Marked(folder, replace);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            scene.Seal(intent);
        }

        await harness.StartAsync();

        await AssertCommittedAsync(harness, replace);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Published_is_settled_and_told(bool folder, bool replace)
    {
        await using EngineHarness harness = await Marked(folder, replace);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            scene.Seal(intent);
            scene.Publish(intent);
        }

        await harness.StartAsync();

        await AssertCommittedAsync(harness, replace);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Claimed_is_given_back_when_its_marker_is_gone(bool folder, bool replace)
    {
        await using EngineHarness harness = await Marked(folder, replace);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            scene.Seal(intent);
        }
        File.Delete(harness.Staged("site.ready"));

        await harness.StartAsync();

        await AssertGivenBackAsync(harness, replace);
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(harness.Staged("site")), Fcntl.O_RDONLY, 0, out Fd item));
        using Fd closing = item;
        Assert.NotEqual(Errno.None, SysXattr.FGetxattr(item, Commits.Steps.Step4Seal.VersionAttribute, out _));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Claimed_for_a_call_is_given_back(bool folder, bool replace)
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder, replace);
        harness.Stage(folder, "two");
        using (var scene = new Scene(harness))
            scene.Claim(scene.Intend(RecoveryCase.Item));

        await harness.StartAsync();

        await AssertGivenBackAsync(harness, replace);
    }

    [Fact]
    public async Task Given_back_beside_its_name_where_that_is_in_use_again()
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: true, replace: false);
        harness.Stage(true, "two");
        Intent intent;
        using (var scene = new Scene(harness))
            scene.Claim(intent = scene.Intend(RecoveryCase.Item));
        harness.Stage(true, "three");

        await harness.StartAsync();

        Receipt receipt = harness.ReadReceipt("site")!;
        Assert.Equal(harness.Staged($"site~{intent.Id}"), receipt.Item);
        Assert.Equal("two", RecoveryCase.Read(receipt.Item!));
        Assert.Equal("three", harness.ReadStaged());
    }

    [Fact]
    public async Task The_same_file_under_two_names_is_published_and_its_slot_goes()
    {
        await using EngineHarness harness = await RecoveryCase.NewAsync(folder: false, replace: true);
        using (var scene = new Scene(harness))
        {
            Assert.Equal(Errno.None, Unistd.LinkAt(scene.Target, Name.Of("site"), scene.Staging, Name.Of("site")));
            harness.Mark("site");
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            scene.Publish(intent);
        }

        await harness.StartAsync();

        Assert.Equal(2, harness.WaitFor("site").Version);
        Assert.Equal("one", harness.ReadLive());
        Assert.Equal("1 deleted, 2 live", harness.History());
        Assert.Empty(harness.Slots());
        await harness.AssertStableAsync();
    }

    [Fact]
    public async Task A_link_of_the_item_back_in_staging_does_not_hide_that_it_is_claimed()
    {
        await using EngineHarness harness = await Marked(folder: false, replace: true);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            Assert.Equal(Errno.None, Unistd.LinkAt(scene.Vault.Folder, Scene.SlotOf(intent), scene.Staging, Name.Of("site")));
        }

        await harness.StartAsync();

        Assert.Equal(2, harness.WaitFor("site").Version);
        Assert.Equal("two", harness.ReadLive());
        Assert.Equal("two", harness.ReadStaged());
        Assert.Equal("1 retained, 2 live", harness.History());
        await harness.AssertStableAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_stranger_put_there_during_the_commit_is_retained_with_number_0(bool folder)
    {
        await using EngineHarness harness = await Marked(folder, replace: true);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            ReplaceByHand(harness, folder);
            scene.Publish(intent);
        }

        await harness.StartAsync();

        await AssertStrangerRetainedAsync(harness);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_stranger_had_put_there_before_the_commit_is_retained_with_number_0(bool folder)
    {
        await using EngineHarness harness = await Marked(folder, replace: true);
        ReplaceByHand(harness, folder);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            scene.Publish(intent);
        }

        await harness.StartAsync();

        await AssertStrangerRetainedAsync(harness);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Something_else_in_the_slot_goes_back_to_staging(bool folder, bool replace)
    {
        await using EngineHarness harness = await Marked(folder, replace);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            // Exchanged between the look and the claim; the daemon died before it looked again.
            MoveAside(harness, harness.Staged("site"));
            harness.Stage(folder, "other");
            scene.Claim(intent);
        }

        await harness.StartAsync();

        Receipt receipt = harness.WaitFor("site");
        Assert.Equal("INTERRUPTED", receipt.Reason);
        Assert.Equal(harness.Staged("site"), receipt.Item);
        Assert.Equal("other", harness.ReadStaged());
        Assert.Equal(replace ? "one" : null, harness.ReadLive());
        await harness.AssertStableAsync();
    }

    [Fact]
    public async Task An_item_that_is_nowhere_is_reported()
    {
        await using EngineHarness harness = await Marked(folder: false, replace: true);
        harness.Log.Expect("ItemVanished");
        using (var scene = new Scene(harness))
            scene.Intend(RecoveryCase.Item);
        File.Delete(harness.Staged("site"));

        await harness.StartAsync();

        harness.Log.WaitFor("ItemVanished");
        Assert.Equal("ITEM_NOT_FOUND", harness.WaitFor("site").Reason);
        Assert.Equal("one", harness.ReadLive());
        await harness.AssertStableAsync();
    }

    [Fact]
    public async Task An_item_that_went_down_with_the_machine_is_a_warning()
    {
        await using EngineHarness harness = await Marked(folder: false, replace: true);
        using (var scene = new Scene(harness))
            scene.Intend(RecoveryCase.Item);
        File.Delete(harness.Staged("site"));
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        harness.Log.WaitFor("ItemLostWithPower");
        Assert.False(harness.WaitFor("site").Succeeded);
        Assert.Equal("one", harness.ReadLive());
        await harness.AssertStableAsync();
    }

    [Fact]
    public async Task A_published_version_that_a_stranger_removed_is_settled_and_the_old_one_stays_retained()
    {
        await using EngineHarness harness = await Marked(folder: false, replace: true);
        using (var scene = new Scene(harness))
        {
            Intent intent = scene.Intend(RecoveryCase.Item);
            scene.Claim(intent);
            scene.Publish(intent);
        }
        File.Delete(harness.Live("site"));

        await harness.StartAsync();

        Assert.Equal(2, harness.WaitFor("site").Version);
        Assert.Equal("1 retained, 2 deleted", harness.History());
        await harness.AssertStableAsync();
    }

    /// <summary>Item and marker wait; for a replace version 1 is live. The engine does not run.</summary>
    private static async Task<EngineHarness> Marked(bool folder, bool replace)
    {
        EngineHarness harness = await RecoveryCase.NewAsync(folder, replace);
        harness.Stage(folder, "two");
        harness.Mark(RecoveryCase.Item);
        return harness;
    }

    private static async Task AssertCommittedAsync(EngineHarness harness, bool replace)
    {
        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(replace ? 2 : 1, receipt.Version);
        Assert.Equal(replace ? 1 : 0, receipt.Json.GetProperty("replaced").GetInt64());
        Assert.Equal("two", harness.ReadLive());
        Assert.Null(harness.ReadStaged());
        Assert.Equal(replace ? "1 retained, 2 live" : "1 live", harness.History());
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }

    private static async Task AssertGivenBackAsync(EngineHarness harness, bool replace)
    {
        Receipt receipt = harness.ReadReceipt("site")!;
        Assert.Equal("INTERRUPTED", receipt.Reason);
        Assert.Equal(harness.Staged("site"), receipt.Item);
        Assert.Equal("two", harness.ReadStaged());
        Assert.Equal(replace ? "one" : null, harness.ReadLive());
        Assert.Equal(replace ? "1 live" : "", harness.History());
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }

    private static async Task AssertStrangerRetainedAsync(EngineHarness harness)
    {
        Assert.Equal(2, harness.WaitFor("site").Version);
        Assert.Equal("two", harness.ReadLive());
        VersionRow stranger = Assert.Single(harness.Versions(), version => version.State == VersionState.Retained);
        Assert.Equal(0, stranger.Number);
        Assert.Equal("stranger", RecoveryCase.Read(Path.Combine(harness.VaultPath, Vault.SlotName(stranger.Slot, "site").ToString())));
        harness.AssertTidy();
        await harness.AssertStableAsync();
    }

    private static void ReplaceByHand(EngineHarness harness, bool folder)
    {
        MoveAside(harness, harness.Live("site"));
        RecoveryCase.Write(harness.Live("site"), folder, "stranger");
    }

    private static void MoveAside(EngineHarness harness, string path) =>
        Directory.Move(path, Path.Combine(harness.Root, $"aside-{Path.GetFileName(Path.GetDirectoryName(path))}"));
}
