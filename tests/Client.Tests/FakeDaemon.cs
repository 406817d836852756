using AtomikD.Support;
using AtomikD.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomikD.Client;

/// <summary>
/// A server at a socket of the test's own that answers as the test says: for what a real daemon does seldom, and never on demand.
/// </summary>
internal sealed class FakeDaemon : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private WebApplication? _app;

    public FakeDaemon() => Staging = _folder.MakeFolder("staging");

    public string SocketPath => _folder["s"];

    public string Staging { get; }

    public Service Calls { get; } = new();

    public async Task<FakeDaemon> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(SocketPath, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(Calls);
        WebApplication app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync();
        _app = app;
        Calls.Staging = Staging;
        return this;
    }

    /// <summary>Ends its connections as a killed process does.</summary>
    public async Task StopAsync()
    {
        if (_app is not { } app)
            return;
        _app = null;
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        File.Delete(SocketPath);
    }

    public AtomikClient NewClient(Action<AtomikClientOptions>? configure = null)
    {
        var options = new AtomikClientOptions { SocketPath = SocketPath, Timeout = TimeSpan.FromMinutes(1) };
        configure?.Invoke(options);
        return new AtomikClient(options);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }

    public static RpcException Refusal(Grpc.Core.StatusCode code, string reason, string message, params (string Key, string Value)[] metadata)
    {
        var info = new ErrorInfo { Reason = reason, Domain = "atomikd" };
        foreach ((string key, string value) in metadata)
            info.Metadata[key] = value;
        var status = new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(info) } };
        return new RpcException(new Grpc.Core.Status(code, message), new Metadata { { "grpc-status-details-bin", status.ToByteArray() } });
    }

    internal sealed class Service : CommitService.CommitServiceBase
    {
        private readonly List<CommitRequest> _commits = [];

        public string Staging { get; set; } = "";

        public Metadata? Headers { get; private set; }

        public Func<CommitRequest, ServerCallContext, Task<CommitResponse>> OnCommit { get; set; } = (request, _) => Task.FromResult(Answer(request));

        public Func<WatchRequest, IServerStreamWriter<V1.CommitEvent>, ServerCallContext, Task> OnWatch { get; set; } = (_, _, _) => Task.CompletedTask;

        public Func<IAsyncStreamReader<UploadRequest>, ServerCallContext, Task<CommitResponse>> OnUpload { get; set; } =
            (_, _) => throw new RpcException(new Grpc.Core.Status(Grpc.Core.StatusCode.Unimplemented, ""));

        public IReadOnlyList<V1.Version> Live { get; set; } = [];

        public IReadOnlyList<CommitRequest> Commits
        {
            get
            {
                lock (_commits)
                    return [.. _commits];
            }
        }

        public static CommitResponse Answer(CommitRequest request) => new() { Version = Version(request.Route, request.Name, 1) };

        public static V1.Version Version(string route, string name, long number) =>
            new() { Route = route, Name = name, Number = number, State = V1.VersionState.Live };

        public override async Task<CommitResponse> Commit(CommitRequest request, ServerCallContext context)
        {
            lock (_commits)
                _commits.Add(request);
            Headers = context.RequestHeaders;
            return await OnCommit(request, context);
        }

        public override Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context) => Task.FromResult(new GetStatusResponse
        {
            Routes = { new V1.RouteStatus { Name = "site", Staging = Staging, Target = "/nowhere", Healthy = true } },
        });

        public override Task<ListVersionsResponse> ListVersions(ListVersionsRequest request, ServerCallContext context) =>
            Task.FromResult(new ListVersionsResponse { Versions = { Live.Where(version => version.Route == request.Route) } });

        public override Task Watch(WatchRequest request, IServerStreamWriter<V1.CommitEvent> responseStream, ServerCallContext context) =>
            OnWatch(request, responseStream, context);

        public override Task<CommitResponse> Upload(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context) => OnUpload(requestStream, context);
    }
}
