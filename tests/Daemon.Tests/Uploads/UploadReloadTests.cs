using System.Formats.Tar;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Uploads;

/// <summary>An upload that hangs holds up nobody.</summary>
[Trait("Promise", "P9")]
public sealed class UploadReloadTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    public enum Stage
    {
        Begun,
        Receiving,
        Received,
    }

    public static TheoryData<bool, Stage> Stages { get; } = new()
    {
        { false, Stage.Begun }, { true, Stage.Begun }, { false, Stage.Receiving }, { true, Stage.Receiving }, { false, Stage.Received }, { true, Stage.Received },
    };

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_reload_that_gives_up_the_folders_ends_it(bool folder, Stage stage)
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        (UploadSession session, Task<Refusal?> receiving) = await HangAsync(harness, folder, stage);

        await harness.Engine.ReloadAsync(Moved(harness)).WaitAsync(s_limit, TestContext.Current.CancellationToken);

        await AssertEndedAsync(session, receiving, stage);
        harness.AssertNothingIsLeft();
        Assert.Null((await harness.UploadFileAsync("report", "text")).Refusal);
        await session.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task So_does_a_stop(bool folder, Stage stage)
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        (UploadSession session, Task<Refusal?> receiving) = await HangAsync(harness, folder, stage);

        await harness.StopAsync().WaitAsync(s_limit, TestContext.Current.CancellationToken);

        await AssertEndedAsync(session, receiving, stage);
        Assert.Empty(Sender.Names(Path.Combine(harness.VaultPath, "upload")));
        await session.DisposeAsync();
        await harness.StartAsync();
        harness.AssertNothingIsLeft();
    }

    [Fact]
    public async Task A_reload_that_changes_only_the_policy_leaves_it_alone()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        (UploadSession? session, _) = harness.Engine.BeginUpload("site", new UploadRequestInfo("report", false, null, CommitOptions.None), Sender.Uid, Sender.Gid);
        await using UploadSession closing = session!;

        await harness.Engine.ReloadAsync(harness.Settings with { Routes = [harness.Settings.Routes[0] with { Keep = 7 }] });

        Assert.Null(await session!.ReceiveAsync(new OneWay("text"u8.ToArray()), CancellationToken.None));
        Assert.Null((await session.CommitAsync(CancellationToken.None)).Refusal);
    }

    [Fact]
    public async Task While_it_hangs_others_are_served()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        (UploadSession session, _) = await HangAsync(harness, folder: true, Stage.Receiving);
        await using UploadSession closing = session;

        Assert.True(harness.Publish("site", "a marker's").Succeeded);
        Assert.Equal(2, (await harness.UploadFileAsync("site", "another upload's")).Version!.Number);
        await harness.Engine.PruneAsync("site").WaitAsync(s_limit, TestContext.Current.CancellationToken);
        Assert.Single(Sender.Names(Path.Combine(harness.VaultPath, "upload")));
        await harness.StopAsync();
    }

    [Fact]
    public async Task A_commit_in_work_comes_to_its_end_before_the_folders_are_given_up()
    {
        using var gate = new ManualResetEventSlim();
        using var reached = new ManualResetEventSlim();
        await using var harness = new EngineHarness();
        harness.Options = new EngineOptions
        {
            Step = step =>
            {
                if (step != "sealed")
                    return;
                reached.Set();
                gate.Wait(s_limit);
            },
        };
        await harness.StartAsync();
        Task<CommitResult> commit = harness.UploadFileAsync("report", "text");
        Assert.True(reached.Wait(s_limit), "it is sealed");
        Task reload = harness.Engine.ReloadAsync(Moved(harness));
        gate.Set();

        Assert.Null((await commit.WaitAsync(s_limit, TestContext.Current.CancellationToken)).Refusal);
        await reload.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        harness.AssertNothingIsLeft("report");
    }

    [Fact]
    public async Task Where_the_target_is_moved_away_before_the_publish_it_is_refused()
    {
        await using var harness = new EngineHarness();
        string aside = Path.Combine(harness.Root, "aside");
        bool isMoved = false;
        harness.Options = new EngineOptions
        {
            Step = step =>
            {
                if (step != "sealed" || isMoved)
                    return;
                isMoved = true;
                Directory.Move(harness.Target, aside);
            },
        };
        await harness.StartAsync();

        CommitResult result = await harness.UploadFileAsync("report", "text").WaitAsync(s_limit, TestContext.Current.CancellationToken);

        Assert.Equal(Reason.Busy, result.Refusal?.Reason);
        Assert.DoesNotContain("report", Sender.Names(aside));
        Directory.Move(aside, harness.Target);
        Eventually.True(() => harness.Route.Trouble is null, "it is served again", s_limit);
        harness.AssertNothingIsLeft();
        Assert.Null((await harness.UploadFileAsync("report", "text")).Refusal);
    }

    /// <summary>Durability decides on the lane, so the folders are closed and opened again.</summary>
    private static Settings Moved(EngineHarness harness) =>
        harness.Settings with { Routes = [harness.Settings.Routes[0] with { Durability = Durability.None }] };

    private static async Task<(UploadSession, Task<Refusal?>)> HangAsync(EngineHarness harness, bool folder, Stage stage)
    {
        byte[] bytes = folder ? await Sender.ArchiveAsync(TarEntryFormat.Pax, Sender.FileEntry("a", new string('a', 3000))) : new byte[3000];
        (UploadSession? session, Refusal? refusal) = harness.Engine.BeginUpload("site", new UploadRequestInfo("hanging", folder, null, CommitOptions.None), Sender.Uid, Sender.Gid);
        Assert.Null(refusal);
        if (stage == Stage.Begun)
            return (session!, Task.FromResult<Refusal?>(null));
        var hangs = new TaskCompletionSource();
        Task<Refusal?> receiving = session!.ReceiveAsync(stage == Stage.Receiving ? new OneWay(bytes[..2500]) { Hangs = hangs } : new OneWay(bytes), CancellationToken.None);
        await (stage == Stage.Receiving ? hangs.Task : receiving).WaitAsync(s_limit, TestContext.Current.CancellationToken);
        return (session, receiving);
    }

    private static async Task AssertEndedAsync(UploadSession session, Task<Refusal?> receiving, Stage stage)
    {
        Refusal? refusal = stage switch
        {
            Stage.Begun => await session.ReceiveAsync(new MemoryStream(), CancellationToken.None),
            Stage.Receiving => await receiving,
            _ => (await session.CommitAsync(CancellationToken.None)).Refusal,
        };
        Assert.Equal(Reason.Busy, refusal?.Reason);
    }
}
