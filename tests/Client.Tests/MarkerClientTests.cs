using System.Diagnostics;
using System.Text;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Client;

/// <summary>Staging and committing over markers, against a real engine.</summary>
public sealed class MarkerClientTests
{
    [Fact]
    public async Task A_folder_goes_live_and_the_receipt_is_told_and_cleared_away()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        MarkerClient client = NewClient(harness);

        CommittedVersion version;
        await using (StagedFolder folder = await client.StageFolderAsync("site"))
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "index.html"), "hello");
            version = await folder.CommitAsync("build", new CommitOptions { Labels = { ["build"] = "7c1f" } });
        }

        Assert.Equal("hello", await File.ReadAllTextAsync(harness.Live("build/index.html")));
        Assert.Equal(("site", "build", 1L, ItemKind.Folder, 1L, 5L), (version.Route, version.Name, version.Number, version.Kind, version.Files, version.Bytes));
        Assert.Equal(harness.Live("build"), version.Path);
        Assert.Equal("7c1f", version.Labels["build"]);
        Assert.Equal(VersionState.Live, version.State);
        Assert.False(version.Repeated);
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Staging));
    }

    [Fact]
    public async Task A_file_is_closed_by_its_commit_and_goes_live()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();

        await using StagedFile file = await NewClient(harness).StageFileAsync("site");
        await file.Stream.WriteAsync(Encoding.UTF8.GetBytes("figures"));
        CommittedVersion version = await file.CommitAsync("report.csv");

        Assert.False(file.Stream.CanWrite);
        Assert.Equal((1, ItemKind.File, 7L), (version.Number, version.Kind, version.Bytes));
        Assert.Equal("figures", await File.ReadAllTextAsync(harness.Live("report.csv")));
    }

    [Fact]
    public async Task What_is_staged_has_the_modes_that_the_umask_gives()
    {
        using var scratch = new TempFolder();
        MarkerClient client = NewClient(scratch.Path, TimeSpan.FromSeconds(5));
        string folderAsMade = scratch.MakeFolder("folder");
        string fileAsMade = scratch.Write("file", "");

        await using StagedFolder folder = await client.StageFolderAsync("site");
        await using StagedFile file = await client.StageFileAsync("site");

        Assert.Equal(File.GetUnixFileMode(folderAsMade), File.GetUnixFileMode(folder.Path));
        Assert.Equal(File.GetUnixFileMode(fileAsMade), File.GetUnixFileMode(file.Path));
        Assert.NotEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Path));
    }

    [Fact]
    public async Task Leaving_without_a_commit_leaves_nothing_behind()
    {
        using var scratch = new TempFolder();
        MarkerClient client = NewClient(scratch.Path, TimeSpan.FromSeconds(5));

        await using (StagedFolder folder = await client.StageFolderAsync("site"))
        await using (StagedFile file = await client.StageFileAsync("site"))
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, "a/b"));
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "a/b/c"), "c");
            await file.Stream.WriteAsync(new byte[100]);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.Path));
    }

    [Fact]
    public async Task Staged_names_are_possible_names_and_never_the_same()
    {
        using var scratch = new TempFolder();
        MarkerClient client = NewClient(scratch.Path, TimeSpan.FromSeconds(5));

        StagedFolder[] folders = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.StageFolderAsync("site")));

        Assert.Equal(50, folders.Select(folder => folder.Path).Distinct().Count());
        Assert.All(folders, folder => Assert.Null(Staging.ItemNames.WhatIsWrong(Encoding.UTF8.GetBytes(Path.GetFileName(folder.Path)))));
        foreach (StagedFolder folder in folders)
            await folder.DisposeAsync();
    }

    [Fact]
    public async Task A_refused_folder_has_been_put_back_and_can_be_committed_again()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Overwrite = OverwritePolicy.OnRequest }).StartAsync();
        Assert.True(harness.PublishFolder("site", "first").Succeeded);

        await using StagedFolder folder = await NewClient(harness).StageFolderAsync("site");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "index.html"), "second");
        AtomikException refused = await Assert.ThrowsAsync<AtomikException>(() => folder.CommitAsync("site"));

        Assert.Equal(AtomikReason.TargetExists, refused.Reason);
        Assert.Contains("overwrite", refused.Hint, StringComparison.Ordinal);
        Assert.False(refused.IsRetryable);
        Assert.False(refused.IsOutcomeUnknown);
        Assert.Equal(folder.Path, refused.ItemPath);
        CommittedVersion version = await folder.CommitAsync("site", new CommitOptions { Overwrite = true });
        Assert.Equal((2, 1), (version.Number, version.Replaced));
        Assert.Equal("second", await File.ReadAllTextAsync(harness.Live("site/index.html")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => folder.CommitAsync("site"));
    }

    [Fact]
    public async Task A_refused_folder_is_removed_when_it_is_left()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();

        await using (StagedFolder folder = await NewClient(harness).StageFolderAsync("site"))
            Assert.Equal(AtomikReason.InvalidName, (await Assert.ThrowsAsync<AtomikException>(() => folder.CommitAsync("a/b"))).Reason);

        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Staging));
    }

    [Fact]
    public async Task Compare_and_swap_tells_a_mismatch_as_one_that_may_be_asked_again()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();

        await using StagedFile file = await NewClient(harness).StageFileAsync("site");
        AtomikException refused = await Assert.ThrowsAsync<AtomikException>(() => file.CommitAsync("x", new CommitOptions { ExpectedVersion = 3 }));

        Assert.Equal(AtomikReason.VersionMismatch, refused.Reason);
        Assert.True(refused.IsRetryable);
        Assert.Equal(1, (await file.CommitAsync("x", new CommitOptions { ExpectedVersion = 0 })).Number);
    }

    [Fact]
    public async Task The_same_request_id_again_is_answered_with_the_version_that_it_made()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        MarkerClient client = NewClient(harness);
        var options = new CommitOptions { RequestId = "nightly-2026-11-22" };

        await using StagedFile first = await client.StageFileAsync("site");
        Assert.False((await first.CommitAsync("x", options)).Repeated);
        await using StagedFile second = await client.StageFileAsync("site");
        CommittedVersion version = await second.CommitAsync("x", options);

        Assert.Equal((1, true), (version.Number, version.Repeated));
    }

    [Fact]
    public async Task Without_a_daemon_the_waiting_ends_and_the_outcome_is_unknown()
    {
        using var scratch = new TempFolder();
        StagedFile file = await NewClient(scratch.Path, TimeSpan.FromMilliseconds(100)).StageFileAsync("site");

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => file.CommitAsync("x"));

        Assert.IsType<TimeoutException>(e.InnerException);
        Assert.Equal((AtomikReason.Unknown, true, true), (e.Reason, e.IsOutcomeUnknown, e.IsRetryable));
        Assert.NotNull(e.RequestId);
        Assert.True(File.Exists(file.Path + ".ready"));
        await file.DisposeAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.Path));
    }

    [Fact]
    public async Task An_unanswered_commit_is_asked_for_again_and_not_made_twice()
    {
        await using var harness = new EngineHarness();
        await using StagedFolder folder = await NewClient(harness, TimeSpan.FromMilliseconds(50)).StageFolderAsync("site");
        AtomikException unanswered = await Assert.ThrowsAsync<AtomikException>(() => folder.CommitAsync("x"));
        await harness.StartAsync();
        string name = Path.GetFileName(folder.Path);
        Eventually.True(() => File.Exists(harness.Staged(name + ".done")), "the marker is served after all");

        AtomikException again = await Assert.ThrowsAsync<AtomikException>(async () =>
        {
            CommittedVersion version = await folder.CommitAsync("x");
            throw new AtomikException($"version {version.Number}, {version.Repeated}") { RequestId = "" };
        });

        Assert.True(unanswered.IsOutcomeUnknown);
        Assert.Equal("version 1, False", again.Message);
    }

    [Fact]
    public async Task A_staging_folder_that_vanishes_is_no_success()
    {
        using var scratch = new TempFolder();
        string staging = scratch.MakeFolder("staging");
        await using StagedFolder folder = await NewClient(staging, TimeSpan.FromSeconds(20)).StageFolderAsync("site");

        Task<CommittedVersion> commit = folder.CommitAsync("x");
        Eventually.True(() => File.Exists(folder.Path + ".ready"), "the marker is there");
        Directory.Move(staging, scratch["elsewhere"]);

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => commit);
        Assert.True(e.IsOutcomeUnknown);
        Assert.Contains(".ready has gone", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_the_waiting()
    {
        using var scratch = new TempFolder();
        await using StagedFolder folder = await NewClient(scratch.Path, TimeSpan.FromSeconds(20)).StageFolderAsync("site");
        using var cancellation = new CancellationTokenSource();

        Task<CommittedVersion> commit = folder.CommitAsync("x", cancellationToken: cancellation.Token);
        Eventually.True(() => File.Exists(folder.Path + ".ready"), "the marker is there");
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => commit);
    }

    [Fact]
    public async Task A_route_that_was_not_named_and_a_folder_that_is_not_there_are_told_with_what_to_do()
    {
        using var scratch = new TempFolder();
        MarkerClient client = NewClient(scratch["nowhere"], TimeSpan.FromSeconds(5));

        AtomikException unnamed = await Assert.ThrowsAsync<AtomikException>(() => client.StageFolderAsync("other"));
        AtomikException missing = await Assert.ThrowsAnyAsync<AtomikException>(() => client.StageFolderAsync("site"));

        Assert.Equal(AtomikReason.RouteNotFound, unnamed.Reason);
        Assert.Contains("StagingPaths[\"other\"]", unnamed.Hint, StringComparison.Ordinal);
        Assert.Contains(scratch["nowhere"], missing.Message, StringComparison.Ordinal);
        Assert.Contains("StagingPaths[\"site\"]", missing.Hint, StringComparison.Ordinal);
        Assert.False(Directory.Exists(scratch["nowhere"]));
    }

    [Fact]
    public async Task A_commit_is_a_span_and_the_marker_carries_it()
    {
        using var scratch = new TempFolder();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == AtomikTelemetry.SourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using StagedFolder folder = await NewClient(scratch.Path, TimeSpan.FromMilliseconds(50)).StageFolderAsync("site");

        using var mine = new Activity("mine");
        mine.SetIdFormat(ActivityIdFormat.W3C).Start();
        await Assert.ThrowsAsync<AtomikException>(() => folder.CommitAsync("x"));
        mine.Stop();

        Assert.Contains($"\"traceparent\":\"00-{mine.TraceId}-", await File.ReadAllTextAsync(folder.Path + ".ready"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_commits_at_once_from_one_client_are_each_answered_with_their_own()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Durability = Durability.None }).StartAsync();
        MarkerClient client = NewClient(harness);

        CommittedVersion[] versions = await Task.WhenAll(Enumerable.Range(0, 64).Select(async number =>
        {
            await using StagedFile file = await client.StageFileAsync("site");
            await file.Stream.WriteAsync(Encoding.UTF8.GetBytes($"{number}"));
            return await file.CommitAsync($"file-{number}");
        }));

        Assert.Equal(Enumerable.Range(0, 64).Select(number => $"file-{number}"), versions.Select(version => version.Name));
        foreach (int number in Enumerable.Range(0, 64))
            Assert.Equal($"{number}", await File.ReadAllTextAsync(harness.Live($"file-{number}")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Staging));
    }

    private static MarkerClient NewClient(EngineHarness harness, TimeSpan? timeout = null) => NewClient(harness.Staging, timeout ?? TimeSpan.FromMinutes(1));

    private static MarkerClient NewClient(string staging, TimeSpan timeout) => new(new AtomikClientOptions
    {
        Timeout = timeout,
        StagingPaths = { ["site"] = staging },
    });
}
