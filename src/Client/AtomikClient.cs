using System.Net.Http;
using AtomikD.Client.Internal;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomikD.Client;

/// <summary>
/// Talks to the daemon over its unix socket. Making one does not connect, the first call does; a daemon that was restarted is
/// connected to again, and what was under way is asked again under its request id. Safe for many threads.
/// </summary>
public sealed partial class AtomikClient : IAtomikClient, IDisposable
{
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly ILogger _logger;
    private readonly DaemonSocket _socket;
    private readonly GrpcChannel _channel;
    private readonly V1.CommitService.CommitServiceClient _service;
    private readonly Calls _calls;
    private readonly StagingPaths _stagingPaths;
    private int _isDisposed;

    /// <summary>Makes a client; it does not connect yet.</summary>
    /// <param name="options">Read now, once. Null, the default: all defaults.</param>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public AtomikClient(AtomikClientOptions? options = null)
    {
        options ??= new AtomikClientOptions();
        ArgumentException.ThrowIfNullOrEmpty(options.SocketPath, nameof(options));
        if (options.Timeout != Timeout.InfiniteTimeSpan && options.Timeout <= TimeSpan.Zero)
            throw new ArgumentException("Timeout must be more than zero, or infinite.", nameof(options));
        if (options.ConnectTimeout < TimeSpan.Zero)
            throw new ArgumentException("ConnectTimeout must not be negative.", nameof(options));
        _timeout = options.Timeout;
        _connectTimeout = options.ConnectTimeout;
        _logger = (ILogger?)options.LoggerFactory?.CreateLogger(AtomikTelemetry.SourceName) ?? NullLogger.Instance;
        _socket = new DaemonSocket(options.SocketPath, _logger);
        _channel = _socket.OpenChannel();
        _service = new V1.CommitService.CommitServiceClient(_channel);
        _calls = new Calls(options.SocketPath, _timeout, _connectTimeout, _time, _logger);
        _stagingPaths = new StagingPaths(options.StagingPaths, _socket, AskStagingPathsAsync);
    }

    /// <inheritdoc/>
    public async Task<CommittedVersion> CommitAsync(
        string route, string source, string? name = null, CommitOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        ArgumentException.ThrowIfNullOrEmpty(source);
        options ??= new CommitOptions();
        var request = new V1.CommitRequest
        {
            Route = route,
            Source = source,
            Name = name ?? "",
            RequestId = options.RequestId ?? RequestIds.New(),
            Sha256 = options.Sha256 ?? "",
            Synced = options.Synced,
        };
        if (options.Overwrite is { } overwrite)
            request.Overwrite = overwrite;
        if (options.ExpectedVersion is { } expected)
            request.ExpectedVersion = expected;
        options.Labels.AddTo(request.Labels);
        V1.CommitResponse response = await AskAsync("Commit", request.RequestId, call => _service.CommitAsync(request, call), cancellationToken);
        return Told(response, options.RequestId);
    }

    /// <inheritdoc/>
    public async Task<CommittedVersion> RollbackAsync(
        string route, string name, RollbackOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new RollbackOptions();
        var request = new V1.RollbackRequest
        {
            Route = route,
            Name = name,
            To = options.To,
            Hold = options.Hold,
            Reason = options.Reason ?? "",
            RequestId = options.RequestId ?? RequestIds.New(),
        };
        if (options.ExpectedVersion is { } expected)
            request.ExpectedVersion = expected;
        V1.CommitResponse response = await AskAsync("Rollback", request.RequestId, call => _service.RollbackAsync(request, call), cancellationToken);
        return Told(response, options.RequestId);
    }

    /// <inheritdoc/>
    public async Task<CommittedVersion> RemoveAsync(
        string route, string name, RemoveOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new RemoveOptions();
        var request = new V1.RemoveRequest { Route = route, Name = name, RequestId = options.RequestId ?? RequestIds.New() };
        if (options.ExpectedVersion is { } expected)
            request.ExpectedVersion = expected;
        V1.CommitResponse response = await AskAsync("Remove", request.RequestId, call => _service.RemoveAsync(request, call), cancellationToken);
        return Told(response, options.RequestId);
    }

    /// <inheritdoc/>
    public Task HoldAsync(string route, string name, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var request = new V1.HoldRequest { Route = route, Name = name, Reason = reason ?? "" };
        return AskAsync("Hold", null, call => _service.HoldAsync(request, call), cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string route, string name, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var request = new V1.ReleaseRequest { Route = route, Name = name, Reason = reason ?? "" };
        return AskAsync("Release", null, call => _service.ReleaseAsync(request, call), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<PruneResult> PruneAsync(string? route = null, CancellationToken cancellationToken = default)
    {
        var request = new V1.PruneRequest { Route = route ?? "" };
        V1.PruneResponse response = await AskAsync("Prune", null, call => _service.PruneAsync(request, call), cancellationToken);
        return new PruneResult(response.DeletedVersions, response.ReclaimedBytes);
    }

    /// <inheritdoc/>
    public async Task<ServiceStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        V1.GetStatusResponse response = await AskAsync("GetStatus", null, call => _service.GetStatusAsync(new V1.GetStatusRequest(), call), cancellationToken);
        return response.ToStatus();
    }

    /// <summary>Closes the connection. Calls under way end with an exception.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        _channel.Dispose();
    }

    /// <summary>Closes the connection. Calls under way end with an exception.</summary>
    /// <returns>When it is closed.</returns>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<T> AskAsync<T>(string method, string? requestId, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        return _calls.UnaryAsync(method, requestId, call, cancellationToken);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);

    /// <summary>That a try of our own was repeated is nothing to the caller: only of an id that he chose it means something.</summary>
    private CommittedVersion Told(V1.CommitResponse response, string? callersId)
    {
        CommittedVersion version = response.Version.ToVersion(response.Repeated && callersId is not null);
        Log.Committed(_logger, version.Route, version.Name, version.Number);
        return version;
    }
}
