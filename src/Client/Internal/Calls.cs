using System.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace AtomikD.Client.Internal;

/// <summary>
/// One call with its limit, its span and its retries. Every call of the library may be sent twice: it changes nothing, or has a
/// request id, or comes to the same the second time.
/// </summary>
internal sealed class Calls(string socketPath, TimeSpan timeout, TimeSpan connectTimeout, TimeProvider time, ILogger logger)
{
    private const string Service = "atomikd.v1.CommitService";

    /// <summary>As it spells it on the wire.</summary>
    public const string Traceparent = "traceparent";
    public const string Tracestate = "tracestate";

    public Task<T> UnaryAsync<T>(string method, string? requestId, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken)
    {
        DateTime? deadline = timeout == Timeout.InfiniteTimeSpan ? null : time.GetUtcNow().UtcDateTime + timeout;
        var backOff = new BackOff(time);
        return TriedAsync(method, requestId, backOff, () => deadline is null || backOff.Elapsed + backOff.Next < timeout, async () =>
        {
            using AsyncUnaryCall<T> running = call(new CallOptions(Headers(), deadline, cancellationToken));
            return await running;
        }, cancellationToken);
    }

    /// <summary>Calls again what was lost, in one span, for as long as it may.</summary>
    public async Task<T> TriedAsync<T>(
        string method, string? requestId, BackOff backOff, Func<bool> mayAskAgain, Func<Task<T>> tryOnce, CancellationToken cancellationToken)
    {
        using Activity? activity = Start(method);
        bool wasSent = false;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    T answer = await tryOnce();
                    activity?.SetTag("rpc.grpc.status_code", (int)StatusCode.OK);
                    return answer;
                }
                catch (RpcException e)
                {
                    activity?.SetTag("rpc.grpc.status_code", (int)e.StatusCode);
                    cancellationToken.ThrowIfCancellationRequested();
                    if (e.StatusCode == StatusCode.DeadlineExceeded)
                        throw Errors.TimedOut(method, timeout, wasSent: true, requestId, e);
                    if (!Errors.IsLostConnection(e))
                        throw Errors.Refused(e, method, requestId);
                    DaemonNotReachedException? notReached = Errors.NotReached(e);
                    wasSent |= notReached is null;
                    if (notReached is { IsFinal: true } || !mayAskAgain() || !backOff.MayReach(notReached is null, connectTimeout))
                        throw Errors.Lost(e, method, wasSent, requestId);
                    if (notReached is null)
                        Log.AskedAgain(logger, method, backOff.Tries + 2, e.Status.Detail);
                    else if (backOff.Tries == 0)
                        Log.NotReached(logger, method, notReached.Message, connectTimeout);
                }
                await backOff.WaitAsync(cancellationToken);
            }
        }
        catch (Exception e)
        {
            activity.Fail(e);
            throw;
        }
    }

    public Activity? Start(string method)
    {
        Activity? activity = AtomikTelemetry.Source.StartActivity($"{Service}/{method}", ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("rpc.system", "grpc");
            activity.SetTag("rpc.service", Service);
            activity.SetTag("rpc.method", method);
            activity.SetTag("network.transport", "unix");
            activity.SetTag("server.address", socketPath);
        }
        return activity;
    }

    public static Metadata? Headers()
    {
        if (AtomikTelemetry.Traceparent is not { } traceparent)
            return null;
        var headers = new Metadata { { Traceparent, traceparent } };
        if (Activity.Current?.TraceStateString is { Length: > 0 } state && !state.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            headers.Add(Tracestate, state);
        return headers;
    }
}
