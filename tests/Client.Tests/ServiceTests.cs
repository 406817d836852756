using System.Text;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Client;

/// <summary>The client library against the whole service.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task A_folder_is_staged_committed_and_live()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);

        CommittedVersion version;
        await using (StagedFolder folder = await client.StageFolderAsync("site"))
        {
            Assert.StartsWith(service.Staging, folder.Path, StringComparison.Ordinal);
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "index.html"), "hello");
            version = await folder.CommitAsync("build", new CommitOptions { Labels = { ["build"] = "7c1f" } });
        }

        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("build/index.html")));
        Assert.Equal(("site", "build", 1L, 0L, VersionState.Live), (version.Route, version.Name, version.Number, version.Replaced, version.State));
        Assert.Equal((ItemKind.Folder, 1L, 5L, false), (version.Kind, version.Files, version.Bytes, version.Repeated));
        Assert.Equal(service.Live("build"), version.Path);
        Assert.Equal("7c1f", version.Labels["build"]);
        Assert.Equal(Environment.UserName, version.CommittedBy);
        Assert.InRange(version.CommittedAt, TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1), TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
        Assert.Empty(Directory.EnumerateFileSystemEntries(service.Staging));
    }

    [Fact]
    public async Task A_file_is_closed_by_its_commit_and_live_at_once()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);

        await using StagedFile file = await client.StageFileAsync("site");
        await file.Stream.WriteAsync(Encoding.UTF8.GetBytes("figures"));
        CommittedVersion version = await file.CommitAsync("report.csv");

        Assert.Equal((ItemKind.File, 7L), (version.Kind, version.Bytes));
        Assert.Equal("figures", await File.ReadAllTextAsync(service.Live("report.csv")));
    }

    [Fact]
    public async Task A_refused_folder_has_been_put_back_and_can_be_committed_again_or_is_removed()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Overwrite = OverwritePolicy.OnRequest }).StartAsync();
        await using AtomikClient client = NewClient(service);
        await PublishAsync(client, "site", "first");

        await using (StagedFolder folder = await client.StageFolderAsync("site"))
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "index.html"), "second");
            AtomikException refused = await Assert.ThrowsAsync<AtomikException>(() => folder.CommitAsync("site"));
            Assert.Equal(AtomikReason.TargetExists, refused.Reason);
            Assert.NotEmpty(refused.Hint);
            Assert.NotNull(refused.RequestId);
            Assert.Equal(2, (await folder.CommitAsync("site", new CommitOptions { Overwrite = true })).Number);
        }
        await using (StagedFolder folder = await client.StageFolderAsync("site"))
            Assert.Equal(AtomikReason.InvalidName, (await Assert.ThrowsAsync<AtomikException>(() => folder.CommitAsync("a/b"))).Reason);

        Assert.Equal("second", await File.ReadAllTextAsync(service.Live("site/index.html")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(service.Staging));
    }

    [Fact]
    public async Task Versions_are_rolled_back_held_released_removed_and_listed()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);
        await PublishAsync(client, "app", "1");
        await PublishAsync(client, "app", "2");

        CommittedVersion back = await client.RollbackAsync("site", "app", new RollbackOptions { Hold = true, Reason = "bad build" });
        AtomikException held = await Assert.ThrowsAsync<AtomikException>(() => PublishAsync(client, "app", "3"));
        ServiceStatus whileHeld = await client.GetStatusAsync();
        await client.ReleaseAsync("site", "app");
        CommittedVersion next = await PublishAsync(client, "app", "4");
        await client.HoldAsync("site", "app", "freeze");
        CommittedVersion removed = await client.RemoveAsync("site", "app", new RemoveOptions { ExpectedVersion = next.Number });

        Assert.Equal(3, back.Number);
        Assert.Equal((AtomikReason.Held, true), (held.Reason, held.IsRetryable));
        Assert.Equal("bad build", whileHeld.Routes.Single().HeldNames["app"]);
        Assert.Equal(4, next.Number);
        Assert.Equal(4, removed.Number);
        Assert.False(Directory.Exists(service.Live("app")));
        List<CommittedVersion> versions = await client.ListVersionsAsync("site", "app").ToListAsync();
        Assert.Equal(4, versions[0].Number);
        Assert.Equal(VersionState.Retained, versions[0].State);
        Assert.Equal(AtomikReason.VersionNotFound, (await Assert.ThrowsAsync<AtomikException>(() => client.RollbackAsync("site", "nothing"))).Reason);
    }

    [Fact]
    public async Task The_history_has_successes_and_failures()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);
        await PublishAsync(client, "app", "1");
        await Assert.ThrowsAsync<AtomikException>(() => client.CommitAsync("site", "missing", options: new CommitOptions { RequestId = "mine" }));

        List<HistoryEntry> all = await client.ListHistoryAsync().ToListAsync();
        HistoryEntry failure = await client.ListHistoryAsync(new HistoryQuery { Route = "site", Filter = HistoryFilter.Failures }).SingleAsync();

        Assert.Equal(2, all.Count);
        HistoryEntry success = all[1];
        Assert.Equal(("app", CommitOperation.Commit, CommitDoor.Rpc, 1L), (success.Name, success.Operation, success.Door, success.Version!.Number));
        Assert.Null(success.Failure);
        Assert.Equal((AtomikReason.ItemNotFound, "missing", "mine"), (failure.Failure!.Reason, failure.Name, failure.RequestId));
        Assert.Empty(await client.ListHistoryAsync(new HistoryQuery { Since = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1) }).ToListAsync());
    }

    [Fact]
    public async Task Long_listings_come_page_by_page_and_whole()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Durability = Durability.None }).StartAsync();
        await using AtomikClient client = NewClient(service);
        await Task.WhenAll(Enumerable.Range(0, 230).Select(number => PublishAsync(client, $"app-{number}", "x")));

        List<CommittedVersion> versions = await client.ListVersionsAsync("site").ToListAsync();
        List<HistoryEntry> history = await client.ListHistoryAsync().ToListAsync();

        Assert.Equal(230, versions.Select(version => version.Name).Distinct().Count());
        Assert.Equal(230, history.Count);
        Assert.Equal(history.Select(entry => entry.Sequence).OrderDescending(), history.Select(entry => entry.Sequence));
    }

    [Fact]
    public async Task A_watch_tells_what_is_live_then_every_change_across_a_restart_of_the_service()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);
        await PublishAsync(client, "a", "1");
        await PublishAsync(client, "b", "1");
        var seen = new List<string>();

        await foreach (CommitEvent e in client.WatchAsync(new WatchOptions { Routes = { "site" }, InitialLive = true }))
        {
            seen.Add($"{e.Operation} {e.Version.Name} {e.Version.Number}{(e.IsInitial ? " initial" : "")}");
            if (seen.Count == 2)
            {
                seen.Sort(StringComparer.Ordinal);
                await PublishAsync(client, "a", "2");
            }
            if (seen.Count == 3)
            {
                await service.StopAsync();
                await service.StartAsync();
                await PublishAsync(client, "a", "3");
                await client.RemoveAsync("site", "b");
            }
            if (seen.Count == 5)
                break;
        }

        Assert.Equal(["Commit a 1 initial", "Commit b 1 initial", "Commit a 2", "Commit a 3", "Remove b 1"], seen);
    }

    [Fact]
    public async Task A_restart_before_the_first_event_leaves_no_gap()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);
        await PublishAsync(client, "a", "1");
        await using var watching = new AtomikClient(new AtomikClientOptions { SocketPath = service.Socket });
        IAsyncEnumerator<CommitEvent> events = watching.WatchAsync(new WatchOptions { InitialLive = true }).GetAsyncEnumerator();

        Assert.True(await events.MoveNextAsync());
        Assert.True(events.Current.IsInitial);
        Task<bool> next = events.MoveNextAsync().AsTask();
        await service.StopAsync();
        await service.StartAsync();
        await PublishAsync(client, "a", "2");

        Assert.True(await next.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal((2L, false), (events.Current.Version.Number, events.Current.IsInitial));
        await events.DisposeAsync();
    }

    [Fact]
    public async Task A_sequence_that_was_never_given_is_out_of_range()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);

        WatchOutOfRangeException e = await Assert.ThrowsAsync<WatchOutOfRangeException>(
            () => client.WatchAsync(new WatchOptions { AfterSequence = 1_000_000 }).FirstAsync().AsTask());

        Assert.Equal(1_000_000, e.AfterSequence);
    }

    [Fact]
    public async Task Files_and_folders_are_uploaded()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);
        using var scratch = new TempFolder();
        scratch.Write("tree/sub/a.txt", "a");
        File.CreateSymbolicLink(scratch["tree/link"], "sub/a.txt");
        byte[] big = new byte[3_000_000];
        new Random(1).NextBytes(big);
        await File.WriteAllBytesAsync(scratch["big"], big);

        CommittedVersion file = await client.UploadFileAsync("site", "big.bin", scratch["big"], new UploadOptions { Labels = { ["x"] = "y" } });
        CommittedVersion stream = await client.UploadFileAsync("site", "small.txt", new MemoryStream("small"u8.ToArray()));
        CommittedVersion folder = await client.UploadFolderAsync("site", "tree", scratch["tree"]);

        Assert.Equal(big, await File.ReadAllBytesAsync(service.Live("big.bin")));
        Assert.Equal((ItemKind.File, 3_000_000L, "y"), (file.Kind, file.Bytes, file.Labels["x"]));
        Assert.Equal("small", await File.ReadAllTextAsync(service.Live("small.txt")));
        Assert.Equal(1, stream.Number);
        Assert.Equal(ItemKind.Folder, folder.Kind);
        Assert.Equal("a", await File.ReadAllTextAsync(service.Live("tree/link")));
    }

    [Fact]
    public async Task An_upload_that_is_too_large_or_cancelled_is_refused_and_leaves_nothing()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { MaxUpload = 1_000_000 }).StartAsync();
        await using AtomikClient client = NewClient(service);

        AtomikException large = await Assert.ThrowsAsync<AtomikException>(() => client.UploadFileAsync("site", "x", new MemoryStream(new byte[2_000_000])));
        using var cancellation = new CancellationTokenSource();
        var progress = new Stop(cancellation);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => client.UploadFileAsync("site", "x", new MemoryStream(new byte[900_000]), new UploadOptions { Progress = progress }, cancellation.Token));

        Assert.Equal(AtomikReason.ItemUnsupported, large.Reason);
        Assert.False(File.Exists(service.Live("x")));
        Eventually.True(() => !Directory.EnumerateFileSystemEntries(Path.Combine(service.Target, ".atomikd/upload")).Any(), "nothing is left of the uploads");
    }

    /// <summary>What a refused upload had on the way must not use up the connection's window for those behind it.</summary>
    [Fact]
    public async Task Uploads_behind_refused_ones_on_the_same_connection_go_through()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { MaxUpload = 1_000_000, Durability = Durability.None }).StartAsync();
        await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = service.Socket, Timeout = TimeSpan.FromSeconds(20) });
        byte[] large = new byte[20_000_000];
        byte[] small = new byte[900_000];

        for (int round = 1; round <= 100; round++)
        {
            foreach (AtomikException refused in await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Assert.ThrowsAsync<AtomikException>(() => client.UploadFileAsync("site", "large", new MemoryStream(large))))))
                Assert.True(refused.Reason == AtomikReason.ItemUnsupported, $"round {round}: {refused}");
            Assert.Equal(round, (await client.UploadFileAsync("site", "small", new MemoryStream(small))).Number);
        }
    }

    [Fact]
    public async Task An_unknown_route_is_told_and_nothing_is_made()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);

        Assert.Equal(AtomikReason.RouteNotFound, (await Assert.ThrowsAsync<AtomikException>(() => client.StageFolderAsync("other"))).Reason);
        Assert.Equal(AtomikReason.RouteNotFound, (await Assert.ThrowsAsync<AtomikException>(() => client.CommitAsync("other", "x"))).Reason);
        Assert.Equal(AtomikReason.RouteNotFound, (await Assert.ThrowsAsync<AtomikException>(() => client.UploadFileAsync("other", "x", Stream.Null))).Reason);
    }

    [Fact]
    public async Task Where_staging_is_seen_elsewhere_the_options_say_so()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        string alias = Path.Combine(service.Root, "seen-as");
        Directory.CreateSymbolicLink(alias, service.Staging);
        await using AtomikClient client = NewClient(service, options => options.StagingPaths["site"] = alias);

        await using StagedFolder folder = await client.StageFolderAsync("site");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "a"), "a");

        Assert.StartsWith(alias, folder.Path, StringComparison.Ordinal);
        Assert.Equal(1, (await folder.CommitAsync("x")).Number);
    }

    [Fact]
    public async Task A_client_goes_on_after_a_restart_of_the_service()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await using AtomikClient client = NewClient(service);
        await PublishAsync(client, "a", "1");
        await service.StopAsync();
        await service.StartAsync();

        Assert.Equal(2, (await PublishAsync(client, "a", "2")).Number);
    }

    [Fact]
    public async Task A_hundred_commits_at_once_while_the_service_restarts_are_each_done_once()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Durability = Durability.None, Keep = 0 }).StartAsync();
        await using AtomikClient client = NewClient(service);

        Task<CommittedVersion>[] commits = [.. Enumerable.Range(0, 100).Select(number => PublishAsync(client, $"app-{number}", $"{number}"))];
        await service.StopAsync();
        await service.StartAsync();
        CommittedVersion[] versions = await Task.WhenAll(commits);

        Assert.All(versions, version => Assert.Equal((1L, false), (version.Number, version.Repeated)));
        foreach (int number in Enumerable.Range(0, 100))
            Assert.Equal($"{number}", await File.ReadAllTextAsync(service.Live($"app-{number}/index.html")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(service.Staging));
    }

    [Fact]
    public async Task Prune_and_status_tell_what_there_is()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();
        await using AtomikClient client = NewClient(service);
        await PublishAsync(client, "a", "1");
        await PublishAsync(client, "a", "2");

        PruneResult pruned = await client.PruneAsync("site");
        ServiceStatus status = await client.GetStatusAsync();

        Assert.InRange(pruned.DeletedVersions, 0, 1);
        RouteStatus route = status.Routes.Single();
        Assert.Equal(("site", service.Staging, service.Target, true, 2L), (route.Name, route.Staging, route.Target, route.IsHealthy, route.Commits));
        Assert.NotNull(route.LastCommitAt);
        Assert.NotEmpty(status.DaemonVersion);
    }

    private static AtomikClient NewClient(ServiceHarness service, Action<AtomikClientOptions>? configure = null)
    {
        var options = new AtomikClientOptions { SocketPath = service.Socket, Timeout = TimeSpan.FromSeconds(30) };
        configure?.Invoke(options);
        return new AtomikClient(options);
    }

    private static async Task<CommittedVersion> PublishAsync(AtomikClient client, string name, string text)
    {
        await using StagedFolder folder = await client.StageFolderAsync("site");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "index.html"), text);
        return await folder.CommitAsync(name);
    }

    private sealed class Stop(CancellationTokenSource cancellation) : IProgress<long>
    {
        public void Report(long value)
        {
            if (value > 300_000)
                cancellation.Cancel();
        }
    }
}
