using System.Net.Sockets;
using AtomikD.Admin;
using AtomikD.Commands;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Routes;
using AtomikD.Telemetry;
using AtomikD.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomikD.Support;

/// <summary>
/// The whole service in this process, socket included, over folders of the test's own: one route called "site" unless the
/// test says otherwise. Disposing it stops the service in order and fails the test on an error that it did not expect.
/// </summary>
internal sealed class ServiceHarness : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private WebApplication? _app;
    private GrpcChannel? _channel;

    public ServiceHarness(Func<RouteSettings, RouteSettings>? configure = null)
    {
        RouteSettings site = NewRoute("site");
        Settings = new Settings
        {
            Daemon = new DaemonSettings { StateDirectory = Directory.CreateDirectory(Path.Combine(Root, "state")).FullName, Socket = Path.Combine(Root, "s"), Admin = "" },
            Routes = [configure?.Invoke(site) ?? site],
        };
    }

    public string Root => _folder.Path;

    public string Socket => Settings.Daemon.Socket;

    public string Staging => Settings.Routes[0].Staging;

    public string Target => Settings.Routes[0].Target;

    public Settings Settings { get; set; }

    public EngineOptions Options { get; set; } = new();

    /// <summary>The variables OTEL_… that it is started with.</summary>
    public Dictionary<string, string?> Variables { get; } = [];

    /// <summary>Where a reload reads; null = there is nothing to read.</summary>
    public string? ConfigurationFile { get; set; }

    public LogWatch Log { get; } = new();

    /// <summary>A connection of the test's own user to the service.</summary>
    public GrpcChannel Channel => _channel ??= NewChannel();

    public GrpcChannel NewChannel() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = UnixHandler(Socket) });

    public CommitService.CommitServiceClient Client => new(Channel);

    public CommitEngine Engine => _app!.Services.GetRequiredService<EngineService>().Engine!;

    public Route Route => Engine.Routes[0];

    public IServiceProvider Services => _app!.Services;

    /// <summary>Where the status page is; the test has set Admin.</summary>
    public Uri AdminAddress => Services.GetRequiredService<AdminService>().Address!;

    /// <summary>A route with folders of its own.</summary>
    public RouteSettings NewRoute(string name)
    {
        string target = Directory.CreateDirectory(Path.Combine(Root, name == "site" ? "live" : $"{name}-live")).FullName;
        return new RouteSettings
        {
            Name = name,
            Staging = Directory.CreateDirectory(Path.Combine(Root, name == "site" ? "staging" : $"{name}-staging")).FullName,
            Target = target,
            Vault = Path.Combine(target, ".atomikd"),
            Overwrite = OverwritePolicy.Always,
        };
    }

    public async Task<ServiceHarness> StartAsync()
    {
        _app = ServiceHost.Build(new ServiceSettings(Settings, ConfigurationFile, Options) { Variables = new TelemetryVariables(Variables) }, logging => logging.AddProvider(Log).SetMinimumLevel(LogLevel.Debug));
        await _app.StartAsync();
        return this;
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public string Staged(string name) => Path.Combine(Staging, name);

    public string Live(string name) => Path.Combine(Target, name);

    /// <summary>A folder with one file in staging.</summary>
    public void Stage(string name, string contents, string file = "index.html")
    {
        Directory.CreateDirectory(Staged(name));
        File.WriteAllText(Path.Combine(Staged(name), file), contents);
    }

    private static SocketsHttpHandler UnixHandler(string path) => new()
    {
        UseProxy = false,
        EnableMultipleHttp2Connections = true,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        await StopAsync();
        _folder.Dispose();
        Log.AssertNoUnexpectedErrors();
    }
}
