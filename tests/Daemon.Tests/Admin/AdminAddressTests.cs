using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using AtomikD.Engine;
using AtomikD.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Admin;

/// <summary>Having the address, and not having it.</summary>
public sealed class AdminAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("[::1]:0")]
    [InlineData("0.0.0.0:0")]
    public async Task It_is_served_where_the_configuration_says(string admin)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || !admin.StartsWith('['), "no IPv6 here");
        await using AdminScene scene = await new AdminScene(admin: admin).StartAsync();

        using HttpResponseMessage answer = await scene.GetAsync("/healthz");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(scene.Service.AdminAddress.Authority, scene.Service.Log.WaitFor("Serving").Message);
    }

    [Fact]
    public async Task Without_an_address_nothing_is_served()
    {
        await using AdminScene scene = await new AdminScene(admin: "").StartAsync();

        Assert.Null(scene.Service.Services.GetRequiredService<AdminService>().Address);
        Assert.DoesNotContain(scene.Service.Log.Records, record => record.Category.Contains("Admin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_warning_and_commits_go_on_and_a_reload_tries_again()
    {
        var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var scene = new AdminScene(admin: taken.LocalEndpoint.ToString()!);
        ServiceHarness service = scene.Service;
        service.ConfigurationFile = WriteConfiguration(service, taken.LocalEndpoint.ToString()!);
        await scene.StartAsync();

        LogRecord warning = service.Log.WaitFor("CannotServe");
        await scene.CommitAsync("app");

        Assert.Equal(LogLevel.Warning, warning.Level);
        Assert.Contains("another program has the port", warning.Message);
        Assert.Contains("reload", warning.Message);
        Assert.True(Directory.Exists(service.Live("app")));
        taken.Stop();
        Assert.Empty(await service.Services.GetRequiredService<EngineService>().ReloadAsync());
        service.Log.WaitFor("Serving");
        Assert.Contains("app", await scene.PageAsync());
    }

    [Fact]
    public async Task An_address_that_is_not_there_is_a_warning()
    {
        // Kept for documentation: no machine has it.
        await using AdminScene scene = await new AdminScene(admin: "192.0.2.1:9847").StartAsync();

        LogRecord warning = scene.Service.Log.WaitFor("CannotServe");

        Assert.Contains("no interface has this address", warning.Message);
        await scene.CommitAsync("app");
    }

    [Fact]
    public async Task A_reload_shows_names_or_hides_them_and_does_not_move_the_address()
    {
        await using var scene = new AdminScene(admin: "127.0.0.1:0");
        ServiceHarness service = scene.Service;
        string file = service.ConfigurationFile = WriteConfiguration(service, "127.0.0.1:0");
        // Port 0 is no configuration, so the reload must read another; it is refused, being another address.
        File.WriteAllText(file, File.ReadAllText(file).Replace("127.0.0.1:0", "127.0.0.1:9"));
        await scene.StartAsync();
        await scene.CommitAsync("app-of-tests");
        EngineService engine = service.Services.GetRequiredService<EngineService>();

        Assert.Contains("Admin", Assert.Single(await engine.ReloadAsync()));
        service.Log.Expect("ReloadRefused");
        Assert.DoesNotContain("app-of-tests", await scene.PageAsync());

        await service.Engine.ReloadAsync(service.Settings with { Daemon = service.Settings.Daemon with { AdminNames = true } });
        await scene.PageOnceAsync(page => page.Contains("app-of-tests"), "names are shown");
        await service.Engine.ReloadAsync(service.Settings);
        await scene.PageOnceAsync(page => !page.Contains("app-of-tests"), "names are hidden");
    }

    [Fact]
    public async Task It_stops_at_once_though_somebody_is_connected()
    {
        await using AdminScene scene = await new AdminScene().StartAsync();
        using HttpResponseMessage kept = await scene.GetAsync("/healthz");
        using var silent = new TcpClient();
        await silent.ConnectAsync(IPAddress.Loopback, scene.Service.AdminAddress.Port);
        AdminService admin = scene.Service.Services.GetRequiredService<AdminService>();

        var watch = Stopwatch.StartNew();
        await admin.StopAsync(CancellationToken.None);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"it took {watch.Elapsed}");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => scene.GetAsync("/healthz"));
    }

    [Fact]
    public async Task More_connections_than_it_takes_are_closed_and_commits_go_on()
    {
        await using AdminScene scene = await new AdminScene().StartAsync();
        var open = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 80; i++)
            {
                open.Add(new TcpClient());
                await open[i].ConnectAsync(IPAddress.Loopback, scene.Service.AdminAddress.Port);
            }
            // The last one is closed by the service without a word.
            Assert.Equal(0, await open[^1].GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(AdminScene.Patience));
            await scene.CommitAsync("app");
        }
        finally
        {
            open.ForEach(client => client.Dispose());
        }
        await Task.Run(() => Eventually.True(() => IsAnswered(scene), "it answers again", AdminScene.Patience));
    }

    private static bool IsAnswered(AdminScene scene)
    {
        try
        {
            using HttpResponseMessage answer = scene.GetAsync("/healthz").GetAwaiter().GetResult();
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string WriteConfiguration(ServiceHarness service, string admin)
    {
        string file = Path.Combine(service.Root, "atomikd.conf");
        File.WriteAllText(file, $"""
            [Daemon]
            StateDirectory = {service.Settings.Daemon.StateDirectory}
            Socket = {service.Socket}
            Admin = {admin}
            AdminNames = yes
            [Routes:site]
            Staging = {service.Staging}
            Target = {service.Target}
            Overwrite = always
            """);
        return file;
    }
}
