using AtomikD.Configuration;
using AtomikD.Support;
using AtomikD.V1;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Telemetry;

/// <summary>What the service did is what its metrics say.</summary>
public sealed class EngineMetricsTests
{
    [Fact]
    public async Task Each_request_is_counted_once_by_route_door_and_outcome()
    {
        await using ServiceHarness service = await Started();
        Publish(service, "a");
        Publish(service, "b");
        File.WriteAllText(service.Staged("missing.ready"), "");
        service.Stage("c", "1");
        await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "c" });
        await Assert.ThrowsAnyAsync<Exception>(async () => await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "none" }));
        await service.Client.RemoveAsync(new RemoveRequest { Route = "site", Name = "c" });

        ScrapedMetrics metrics = await Scrape.UntilAsync(service, metrics => metrics.Samples("atomikd_commits_total").Sum(sample => sample.Value) == 6);

        Assert.Equal(2, metrics.Value("atomikd_commits_total", "route=site", "door=marker", "outcome=committed"));
        Assert.Equal(1, metrics.Value("atomikd_commits_total", "route=site", "door=marker", "outcome=ITEM_NOT_FOUND"));
        Assert.Equal(2, metrics.Value("atomikd_commits_total", "route=site", "door=rpc", "outcome=committed"));
        Assert.Equal(1, metrics.Value("atomikd_commits_total", "route=site", "door=rpc", "outcome=ITEM_NOT_FOUND"));
        Assert.Equal(2, metrics.Value("atomikd_commit_duration_seconds_count", "door=marker", "outcome=committed"));
        Assert.InRange(metrics.Value("atomikd_commit_duration_seconds_sum", "door=marker", "outcome=committed"), 0.00001, 60);
        Assert.Equal(6, metrics.Value("atomikd_batch_size_sum"));
        Assert.InRange(metrics.Value("atomikd_route_last_commit_timestamp_seconds"), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 600, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1);
    }

    [Fact]
    public async Task A_refused_upload_is_counted_too()
    {
        await using ServiceHarness service = await Started(route => route with { MaxUpload = 4 });
        using Grpc.Core.AsyncClientStreamingCall<UploadRequest, CommitResponse> call = service.Client.Upload();
        await call.RequestStream.WriteAsync(new UploadRequest { Header = new UploadHeader { Route = "site", Name = "a", Kind = V1.ItemKind.File, Size = 5 } });
        await Assert.ThrowsAnyAsync<Exception>(async () => await call);

        ScrapedMetrics metrics = await Scrape.ReadAsync(service);

        Assert.Equal(1, metrics.Samples("atomikd_commits_total", "door=rpc").Sum(sample => sample.Value));
    }

    [Fact]
    public async Task What_is_retained_and_what_is_due_is_told_and_then_what_was_collected()
    {
        await using ServiceHarness service = await Started(route => route with { Keep = 0, KeepFor = TimeSpan.FromHours(1) });
        for (int i = 0; i < 3; i++)
            Publish(service, "a", new string('x', 1000));

        ScrapedMetrics before = await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_versions_retained", "route=site") == 2);
        Assert.Equal(2000, before.Value("atomikd_versions_retained_size_bytes", "route=site"));
        Assert.Equal(0, before.Value("atomikd_gc_backlog", "route=site"));

        string vault = Path.Combine(service.Target, ".atomikd");
        string slot = Directory.GetDirectories(vault, "*~a").Order(StringComparer.Ordinal).First();
        using (OtherProcess.Holding(slot))
        {
            await service.Engine.ReloadAsync(service.Settings with { Routes = [service.Settings.Routes[0] with { KeepFor = TimeSpan.Zero }] });
            await service.Client.PruneAsync(new PruneRequest());
            ScrapedMetrics during = await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_versions_retained", "route=site") == 1);
            Assert.Equal(1, during.Value("atomikd_gc_backlog", "route=site"));
            Assert.Equal(1, during.Value("atomikd_gc_deleted_total", "route=site"));
            Assert.True(during.Value("atomikd_gc_reclaimed_bytes_total", "route=site") >= 1000);
            Assert.Equal(1, during.Value("atomikd_gc_duration_seconds_count", "route=site"));
        }
        await service.Client.PruneAsync(new PruneRequest());
        ScrapedMetrics after = await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_gc_backlog", "route=site") == 0);
        Assert.Equal(2, after.Value("atomikd_gc_deleted_total", "route=site"));
    }

    [Fact]
    public async Task A_request_that_waits_shows_in_the_queue_with_its_age()
    {
        await using ServiceHarness service = await Started();
        service.Stage("a", "1");
        using (FileStream writer = File.OpenWrite(Path.Combine(service.Staged("a"), "index.html")))
        {
            File.WriteAllText(service.Staged("a.ready"), "");
            ScrapedMetrics waiting = await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_queue_oldest_age_seconds", "route=site") > 0);
            Assert.Equal(1, waiting.Value("atomikd_queue_length", "route=site"));
        }
        await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_queue_length", "route=site") == 0 && metrics.Value("atomikd_queue_oldest_age_seconds", "route=site") == 0);
    }

    [Fact]
    public async Task A_route_that_lost_its_folders_is_unhealthy_and_its_callers_are_counted()
    {
        await using ServiceHarness service = await Started();
        Directory.Move(service.Staging, service.Staging + ".away");

        await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_route_healthy", "route=site") == 0);
        await Assert.ThrowsAnyAsync<Exception>(async () => await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "x" }));
        Assert.Equal(1, (await Scrape.ReadAsync(service)).Value("atomikd_commits_total", "route=site", "door=rpc", "outcome=BUSY"));

        Directory.Move(service.Staging + ".away", service.Staging);
        await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_route_healthy", "route=site") == 1);
    }

    [Fact]
    public async Task Markers_whose_outcome_cannot_be_told_and_strays_are_stuck()
    {
        await using ServiceHarness service = await Started();
        await service.StopAsync();
        File.WriteAllText(Path.Combine(service.Target, ".atomikd", "aaaaaaaaaaaaa~stray"), "");
        await service.StartAsync();
        string name = new('n', 249);
        File.WriteAllText(service.Staged(name + ".ready"), "");

        ScrapedMetrics metrics = await Scrape.UntilAsync(service, metrics => metrics.Value("atomikd_stuck", "route=site", "kind=marker") == 1);
        Assert.Equal(1, metrics.Value("atomikd_stuck", "route=site", "kind=lost+found"));
    }

    [Fact]
    public async Task The_time_of_the_last_commit_outlives_a_restart()
    {
        await using ServiceHarness service = await Started();
        Assert.Empty((await Scrape.ReadAsync(service)).Samples("atomikd_route_last_commit_timestamp_seconds"));
        Publish(service, "a");
        ScrapedMetrics before = await Scrape.UntilAsync(service, metrics => metrics.Samples("atomikd_route_last_commit_timestamp_seconds").Any());

        await service.StopAsync();
        await service.StartAsync();

        Assert.Equal(before.Value("atomikd_route_last_commit_timestamp_seconds"), (await Scrape.ReadAsync(service)).Value("atomikd_route_last_commit_timestamp_seconds"), 0.5);
    }

    private static Task<ServiceHarness> Started(Func<RouteSettings, RouteSettings>? configure = null) => Scrape.Service(configure).StartAsync();

    private static void Publish(ServiceHarness service, string name, string contents = "1")
    {
        service.Stage(name, contents);
        File.WriteAllText(service.Staged(name + ".ready"), "");
        Eventually.True(() => !File.Exists(service.Staged(name + ".ready")), $"the marker of {name} goes");
        Assert.True(File.Exists(service.Staged(name + ".done")));
    }
}
