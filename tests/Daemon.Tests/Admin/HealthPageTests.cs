using System.Net;
using System.Net.Http;
using AtomikD.Engine;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Xunit;

namespace AtomikD.Admin;

public sealed class HealthPageTests
{
    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task All_is_well(string path)
    {
        await using AdminScene scene = await new AdminScene().StartAsync();

        using HttpResponseMessage answer = await scene.GetAsync(path);

        Assert.Equal((HttpStatusCode.OK, "ok\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_route_that_is_not_healthy_is_said_by_name_with_its_trouble()
    {
        await using var scene = new AdminScene();
        ServiceHarness service = scene.Service;
        service.Settings = service.Settings with { Routes = [.. service.Settings.Routes, service.NewRoute("blog"), service.NewRoute("away")] };
        Directory.Delete(Path.Combine(service.Root, "away-staging"));
        await scene.StartAsync();

        using HttpResponseMessage one = await scene.GetAsync("/readyz");
        string line = await one.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, one.StatusCode);
        Assert.StartsWith($"away: The staging {service.Root}/away-staging does not exist.", line);
        Assert.Single(line.Trim().Split('\n'));

        // It is alive all the same: a restart would bring nothing.
        using HttpResponseMessage alive = await scene.GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);

        Directory.CreateDirectory(Path.Combine(service.Root, "away-staging"));
        await Task.Run(() => Eventually.True(() => scene.GetAsync("/readyz").GetAwaiter().GetResult().IsSuccessStatusCode, "it is ready", AdminScene.Patience));
    }

    [Fact]
    public async Task A_lane_that_has_ended_needs_a_restart_and_says_so()
    {
        await using var scene = new AdminScene();
        scene.Service.Options = new EngineOptions { Step = step => { if (step == "published") throw new InvalidOperationException("the test ends it"); } };
        scene.Service.Log.Expect("LaneStopped").Expect("UnexpectedInLane");
        await scene.StartAsync();
        scene.Service.Stage("app", "1");
        await Assert.ThrowsAsync<RpcException>(async () => await scene.Service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "app" }));

        using HttpResponseMessage alive = await scene.GetAsync("/healthz");
        using HttpResponseMessage ready = await scene.GetAsync("/readyz");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, alive.StatusCode);
        Assert.Contains("the test ends it", await alive.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.StartsWith("site: ", await ready.Content.ReadAsStringAsync());
        Assert.Contains("Takes no commits", await scene.PageAsync());
    }
}
