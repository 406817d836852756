using AtomikD.Support;
using AtomikD.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Health.V1;
using Xunit;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace AtomikD.Api;

/// <summary>Versions, history, status and health as calls.</summary>
public sealed class ListCallTests
{
    [Fact]
    public async Task Versions_come_newest_first_in_pages_that_miss_nothing()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Keep = 3, KeepFor = TimeSpan.FromHours(1) }).StartAsync();
        foreach (string name in (string[])["a", "b", "a", "a", "b"])
            await CommitAsync(service, name);

        List<V1.Version> all = await VersionsAsync(service, new ListVersionsRequest { Route = "site", PageSize = 2 });

        Assert.Equal(["b2", "a3", "a2", "b1", "a1"], all.Select(v => $"{v.Name}{v.Number}"));
        Assert.Equal([V1.VersionState.Live, V1.VersionState.Live, V1.VersionState.Retained, V1.VersionState.Retained, V1.VersionState.Retained], all.Select(v => v.State));
        Assert.All(all, v => Assert.True(Directory.Exists(v.Path), v.Path));
        Assert.Equal(["a3", "a2", "a1"], (await VersionsAsync(service, new ListVersionsRequest { Route = "site", Name = "a" })).Select(v => $"{v.Name}{v.Number}"));
    }

    [Fact]
    public async Task Deleted_versions_are_listed_when_they_are_asked_for()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();
        await CommitAsync(service, "a");
        await CommitAsync(service, "a");
        PruneResponse pruned = await service.Client.PruneAsync(new PruneRequest { Route = "site" });
        Eventually.True(() => service.Engine.Journal.Write(false, s => s.RetainedTotals(service.Route.VaultId!)).Versions == 0, "the old one is collected");

        Assert.True(pruned.DeletedVersions is 0 or 1);
        Assert.Equal([2L], (await VersionsAsync(service, new ListVersionsRequest { Route = "site" })).Select(v => v.Number));
        List<V1.Version> whole = await VersionsAsync(service, new ListVersionsRequest { Route = "site", ShowDeleted = true });
        Assert.Equal([(2L, V1.VersionState.Live), (1L, V1.VersionState.Deleted)], whole.Select(v => (v.Number, v.State)));
        Assert.Empty(whole[1].Path);
    }

    [Fact]
    public async Task History_has_successes_and_failures_in_one_order()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await CommitAsync(service, "a");
        await CallFailure.OfAsync(service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "b", RequestId = "r" }));
        Timestamp between = TimeProvider.System.GetUtcNow().ToTimestamp();
        await CommitAsync(service, "a");
        await service.Client.RemoveAsync(new RemoveRequest { Route = "site", Name = "a" });

        List<HistoryEntry> all = await HistoryAsync(service, new ListHistoryRequest { PageSize = 1 });
        Assert.Equal(["Remove a2", "Commit a2", "ITEM_NOT_FOUND b", "Commit a1"], all.Select(Word));
        Assert.Equal("r", all[2].Failure.RequestId);
        Assert.Equal(["ITEM_NOT_FOUND b"], (await HistoryAsync(service, new ListHistoryRequest { Route = "site", Filter = HistoryFilter.Failures })).Select(Word));
        Assert.Equal(["Remove a2", "Commit a2", "Commit a1"], (await HistoryAsync(service, new ListHistoryRequest { Name = "a" })).Select(Word));
        Assert.Equal(["Remove a2", "Commit a2"], (await HistoryAsync(service, new ListHistoryRequest { Since = between, PageSize = 1 })).Select(Word));
        Assert.Equal(["Remove a2", "Commit a2", "Commit a1"], (await HistoryAsync(service, new ListHistoryRequest { Filter = HistoryFilter.Successes })).Select(Word));
    }

    [Theory]
    [InlineData(-1, "")]
    [InlineData(10, "no token")]
    [InlineData(10, "AAAA")]
    public async Task A_page_that_cannot_be_is_refused(int size, string token)
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();

        CallFailure refused = await CallFailure.OfAsync(service.Client.ListVersionsAsync(new ListVersionsRequest { Route = "site", PageSize = size, PageToken = token }));

        Assert.Equal((StatusCode.InvalidArgument, "BAD_MARKER"), (refused.Code, refused.Reason));
    }

    [Fact]
    public async Task Status_tells_what_waits_and_since_when()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await CommitAsync(service, "a");
        service.Stage("busy", "x");
        service.Stage("forgotten", "x");
        AsyncUnaryCall<CommitResponse> call;
        using (FileStream writer = File.OpenWrite(Path.Combine(service.Staged("busy"), "index.html")))
        {
            call = service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "busy" });
            Eventually.True(() => service.Route.Lane!.QueueOf(service.Route) is { Length: 1, OldestAge.TotalMilliseconds: > 1 }, "the commit waits for the writer");
            service.Route.NeedScan();
            RouteStatus status = Assert.Single((await service.Client.GetStatusAsync(new GetStatusRequest())).Routes);

            Assert.Equal(("site", service.Staging, service.Target, true, ""), (status.Name, status.Staging, status.Target, status.Healthy, status.Trouble));
            Assert.Equal((1L, 1L, 0L), (status.QueueLength, status.Commits, status.Failures));
            Assert.True(status.QueueOldestAge.ToTimeSpan() > TimeSpan.Zero);
            Assert.Equal("always", status.Overwrite);
        }
        await call;
        Eventually.True(() => service.Route.Lane!.QueueOf(service.Route).Length == 0, "nothing waits any more");
    }

    [Fact]
    public async Task Status_tells_of_items_that_nobody_marks()
    {
        var service = new ServiceHarness();
        service.Settings = service.Settings with { Daemon = service.Settings.Daemon with { Rescan = TimeSpan.FromMilliseconds(100) } };
        await using ServiceHarness started = await service.StartAsync();
        service.Stage("forgotten", "x");

        RouteStatus status = null!;
        Eventually.True(() => (status = service.Client.GetStatus(new GetStatusRequest()).Routes[0]).UnmarkedItems == 1, "a scan counts it");
        Assert.True(status.UnmarkedOldestAge.ToTimeSpan() > TimeSpan.Zero);
    }

    [Fact]
    public async Task Health_is_told_for_the_service_and_for_each_route()
    {
        var service = new ServiceHarness();
        service.Settings = service.Settings with { Routes = [.. service.Settings.Routes, service.NewRoute("broken")] };
        Directory.Delete(service.Settings.Routes[1].Staging);
        await using ServiceHarness started = await service.StartAsync();
        var health = new Health.HealthClient(service.Channel);

        Assert.Equal(ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal(ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest { Service = "atomikd.v1.CommitService" })).Status);
        Assert.Equal(ServingStatus.Serving, (await health.CheckAsync(new HealthCheckRequest { Service = "site" })).Status);
        Assert.Equal(ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest { Service = "broken" })).Status);
        RpcException unknown = await Assert.ThrowsAsync<RpcException>(async () => await health.CheckAsync(new HealthCheckRequest { Service = "nowhere" }));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);

        using AsyncServerStreamingCall<HealthCheckResponse> watch = health.Watch(new HealthCheckRequest { Service = "broken" });
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        Directory.CreateDirectory(service.Settings.Routes[1].Staging);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(ServingStatus.Serving, watch.ResponseStream.Current.Status);
    }

    private static string Word(HistoryEntry entry) => entry.ResultCase == HistoryEntry.ResultOneofCase.Failure
        ? $"{entry.Failure.Reason} {entry.Failure.Name}"
        : $"{entry.Success.Operation} {entry.Success.Version.Name}{entry.Success.Version.Number}";

    private static async Task CommitAsync(ServiceHarness service, string name)
    {
        service.Stage(name, "x");
        await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = name });
    }

    private static async Task<List<V1.Version>> VersionsAsync(ServiceHarness service, ListVersionsRequest request)
    {
        var all = new List<V1.Version>();
        do
        {
            ListVersionsResponse page = await service.Client.ListVersionsAsync(request);
            all.AddRange(page.Versions);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return all;
    }

    private static async Task<List<HistoryEntry>> HistoryAsync(ServiceHarness service, ListHistoryRequest request)
    {
        var all = new List<HistoryEntry>();
        do
        {
            ListHistoryResponse page = await service.Client.ListHistoryAsync(request);
            all.AddRange(page.Entries);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return all;
    }
}
