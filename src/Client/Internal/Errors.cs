using System.Net.Http;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace AtomikD.Client.Internal;

/// <summary>What a failed call means.</summary>
internal static class Errors
{
    private const string Domain = "atomikd";
    private const string DetailsKey = "grpc-status-details-bin";

    /// <summary>The connection was lost or never stood; the daemon has not answered.</summary>
    public static bool IsLostConnection(RpcException e) =>
        Info(e) is null && (e.StatusCode == StatusCode.Unavailable || e.Status.DebugException is HttpRequestException or IOException);

    /// <summary>Where no connection was made, the request was not sent.</summary>
    public static DaemonNotReachedException? NotReached(RpcException e)
    {
        for (Exception? cause = e.Status.DebugException ?? e.InnerException; cause is not null; cause = cause.InnerException)
            if (cause is DaemonNotReachedException notReached)
                return notReached;
        return null;
    }

    public static AtomikException Refused(RpcException e, string method, string? requestId)
    {
        ErrorInfo? info = Info(e);
        string message = string.IsNullOrEmpty(e.Status.Detail) ? $"{method} failed with {e.StatusCode}." : e.Status.Detail;
        if (e.StatusCode == StatusCode.OutOfRange && info is null)
            return new WatchOutOfRangeException(message, e);
        if (info is null)
            return new AtomikException(message, e) { RequestId = requestId, IsRetryable = e.StatusCode is StatusCode.Unavailable or StatusCode.ResourceExhausted };
        return new AtomikException(Reasons.Parse(info.Reason), message, e)
        {
            Hint = Value(info, "hint"),
            ItemPath = Known(info, "item"),
            Route = Known(info, "route"),
            Name = Known(info, "name"),
            IsRetryable = Value(info, "retryable") == "true",
            IsPublished = Value(info, "published") == "true",
            RequestId = requestId,
        };
    }

    public static AtomikException TimedOut(string method, TimeSpan limit, bool wasSent, string? requestId, Exception? cause) =>
        new($"{method} was not answered within {limit}.", new TimeoutException($"No answer within {limit}.", cause))
        {
            IsRetryable = true,
            IsOutcomeUnknown = wasSent && requestId is not null,
            RequestId = requestId,
            Hint = requestId is null ? "" : "Ask again with the same RequestId to learn what came of it.",
        };

    public static AtomikException Lost(RpcException e, string method, bool wasSent, string? requestId)
    {
        DaemonNotReachedException? notReached = NotReached(e);
        return new AtomikException(notReached?.Message ?? $"{method} lost its connection to the daemon: {e.Status.Detail}", e)
        {
            IsRetryable = notReached is not { IsFinal: true },
            IsNotReached = notReached is not null,
            IsOutcomeUnknown = wasSent && requestId is not null,
            RequestId = requestId,
            Hint = notReached?.Hint ?? "",
        };
    }

    private static string Value(ErrorInfo info, string key) => info.Metadata.TryGetValue(key, out string? value) ? value : "";

    private static string? Known(ErrorInfo info, string key) => Value(info, key) is { Length: > 0 } value ? value : null;

    private static ErrorInfo? Info(RpcException e)
    {
        if (e.Trailers.GetValueBytes(DetailsKey) is not { } bytes)
            return null;
        try
        {
            foreach (Google.Protobuf.WellKnownTypes.Any detail in Google.Rpc.Status.Parser.ParseFrom(bytes).Details)
                if (detail.TryUnpack(out ErrorInfo info) && info.Domain == Domain)
                    return info;
        }
        catch (InvalidProtocolBufferException)
        {
            // The status code and its message say enough.
        }
        return null;
    }
}
