using System.Net.Sockets;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomikD.Api;

/// <summary>Calls behind a <see cref="CallGuard"/> that do what a test says.</summary>
internal sealed class GuardedService : CommitService.CommitServiceBase, IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;

    public GuardedService()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        string path = Path.Combine(_folder.Path, "s");
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Logging.AddProvider(Log).AddFilter("Grpc", LogLevel.None).AddFilter("Microsoft", LogLevel.None);
        builder.Services.AddGrpc(grpc => grpc.Interceptors.Add<CallGuard>());
        builder.Services.AddSingleton<CallGuard>().AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<GuardedService>();
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                UseProxy = false,
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
        });
    }

    public LogWatch Log { get; } = new();

    public CommitService.CommitServiceClient Client => new(_channel);

    /// <summary>What a call does; the reading is for an upload.</summary>
    public Func<IAsyncStreamReader<UploadRequest>?, Task> OnCall { get; set; } = _ => Task.CompletedTask;

    public async Task<GuardedService> StartAsync()
    {
        await _app.StartAsync();
        return this;
    }

    /// <summary>When it returns, no call is under way.</summary>
    public Task StopAsync() => _app.StopAsync();

    public override async Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        await OnCall(null);
        return new GetStatusResponse();
    }

    public override Task Watch(WatchRequest request, IServerStreamWriter<CommitEvent> responseStream, ServerCallContext context) => OnCall(null);

    public override async Task<CommitResponse> Upload(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        await OnCall(requestStream);
        return new CommitResponse();
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
        Log.AssertNoUnexpectedErrors();
    }
}
