using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace AtomikD.Client.Internal;

/// <summary>
/// One watch over any number of connections. The daemon says where it begins, so one that is lost before anything happened
/// leaves no gap. What is live is listed here and not by the daemon for the same reason: a stream that breaks in the midst of its
/// initial events can not always be gone on with, as the oldest of them may be older than the history.
/// </summary>
internal sealed class Watch(
    V1.CommitService.CommitServiceClient service, WatchOptions options, TimeSpan connectTimeout, TimeProvider time, ILogger logger) : IDisposable
{
    private const string PositionHeader = "atomikd-sequence";

    private readonly string[] _routes = [.. options.Routes];
    private readonly BackOff _backOff = new(time);
    private readonly Queue<CommitEvent> _initial = [];
    private Dictionary<(string Route, string Name), long> _told = [];
    private AsyncServerStreamingCall<V1.CommitEvent>? _call;
    private long? _after = options.AfterSequence;
    private bool _isListingDue = options.InitialLive;
    private bool _hasStood;

    public async Task<CommitEvent> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            string problem;
            try
            {
                _call ??= await OpenAsync(cancellationToken);
                if (_initial.TryDequeue(out CommitEvent? initial))
                    return initial;
                while (await _call.ResponseStream.MoveNext(cancellationToken))
                {
                    V1.CommitEvent e = _call.ResponseStream.Current;
                    _after = e.Sequence;
                    if (!WasTold(e))
                        return e.ToEvent();
                }
                problem = "The daemon ended it.";
            }
            catch (RpcException e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (e.StatusCode == StatusCode.OutOfRange)
                    throw new WatchOutOfRangeException(e.Status.Detail, e) { AfterSequence = _after, Hint = "Begin anew, with InitialLive." };
                if (!Errors.IsLostConnection(e))
                    throw Errors.Refused(e, "Watch", null);
                DaemonNotReachedException? notReached = Errors.NotReached(e);
                // A watch that has stood waits for its daemon as long as it takes; one that has not is a call as any other.
                bool mayTryAgain = _hasStood || _backOff.MayReach(notReached is null, connectTimeout);
                if (notReached is { IsFinal: true } || !mayTryAgain)
                    throw Errors.Lost(e, "Watch", wasSent: false, null);
                problem = notReached?.Message ?? e.Status.Detail;
            }
            if (_backOff.Tries == 0)
                Log.WatchResumes(logger, _after ?? 0, problem);
            Close();
            await _backOff.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => Close();

    private async Task<AsyncServerStreamingCall<V1.CommitEvent>> OpenAsync(CancellationToken cancellationToken)
    {
        var request = new V1.WatchRequest { Routes = { _routes } };
        if (_after is { } known)
            request.AfterSequence = known;
        AsyncServerStreamingCall<V1.CommitEvent> call = service.Watch(request, new CallOptions(Calls.Headers(), null, cancellationToken));
        try
        {
            Metadata headers = await call.ResponseHeadersAsync;
            if (long.TryParse(headers.GetValue(PositionHeader), NumberStyles.None, CultureInfo.InvariantCulture, out long position))
                _after ??= position;
            if (_isListingDue)
                await ListAsync(cancellationToken);
        }
        catch
        {
            call.Dispose();
            throw;
        }
        _isListingDue = false;
        if (!_hasStood)
            options.Began?.Invoke(_initial.Count);
        _hasStood = true;
        _backOff.Reset();
        return call;
    }

    /// <summary>All of it before any is told: what breaks off is listed again from the beginning.</summary>
    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var call = new CallOptions(Calls.Headers(), null, cancellationToken);
        IEnumerable<string> routes = _routes;
        if (_routes.Length == 0)
            routes = (await service.GetStatusAsync(new V1.GetStatusRequest(), call)).Routes.Select(route => route.Name);
        var live = new Dictionary<(string Route, string Name), V1.Version>();
        foreach (string route in routes)
        {
            var request = new V1.ListVersionsRequest { Route = route };
            do
            {
                V1.ListVersionsResponse page = await service.ListVersionsAsync(request, call);
                foreach (V1.Version version in page.Versions.Where(version => version.State == V1.VersionState.Live))
                    live.TryAdd((version.Route, version.Name), version);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);
        }
        _told = live.ToDictionary(entry => entry.Key, entry => entry.Value.Number);
        foreach (V1.Version version in live.Values)
            _initial.Enqueue(new CommitEvent { Sequence = _after ?? 0, Version = version.ToVersion(), Operation = CommitOperation.Commit, IsInitial = true });
    }

    /// <summary>The stream stood before the listing was made, so it has again what the listing already knew.</summary>
    private bool WasTold(V1.CommitEvent e) =>
        _told.TryGetValue((e.Version.Route, e.Version.Name), out long told)
        && (e.Version.Number < told || e.Version.Number == told && e.Operation != V1.Operation.Remove);

    private void Close()
    {
        _call?.Dispose();
        _call = null;
    }
}
