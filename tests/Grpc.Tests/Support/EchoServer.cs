using System.Collections.Concurrent;
using System.Net.Sockets;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomikD.GrpcTests.Support;

/// <summary>A Kestrel on a unix socket of its own.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly string _folder;

    private readonly ErrorLog _log = new();

    private EchoServer(Action<GrpcServiceOptions>? configure, string? socket)
    {
        _folder = Directory.CreateTempSubdirectory("grpc-").FullName;
        SocketPath = socket ?? Path.Combine(_folder, "s");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(SocketPath, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton<ILoggerProvider>(_log);
        builder.Services.AddSingleton(Service);
        builder.Services.AddGrpc(configure ?? (_ => { }));
        App = builder.Build();
        App.MapGrpcService<EchoService>();
        App.Map("/empty", () => { });
    }

    public WebApplication App { get; }

    public string SocketPath { get; }

    public EchoService Service { get; } = new();

    public ConcurrentQueue<string> Errors => _log.Errors;

    public static async Task<EchoServer> StartAsync(Action<GrpcServiceOptions>? configure = null, string? socket = null)
    {
        var server = new EchoServer(configure, socket);
        await server.App.StartAsync();
        return server;
    }

    public SocketsHttpHandler Handler() => HandlerFor(SocketPath);

    public GrpcChannel Channel(Action<GrpcChannelOptions>? configure = null)
    {
        var options = new GrpcChannelOptions { HttpHandler = Handler(), DisposeHttpClient = true };
        configure?.Invoke(options);
        return GrpcChannel.ForAddress("http://localhost", options);
    }

    public static SocketsHttpHandler HandlerFor(string path) => new()
    {
        EnableMultipleHttp2Connections = true,
        UseProxy = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
