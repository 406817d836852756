using System.Globalization;
using AtomikD.Commits;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace AtomikD.Api;

/// <summary>Refusals as gRPC tells them: a canonical code, and the reason from the closed list in an ErrorInfo.</summary>
internal static class Failures
{
    public const string Domain = "atomikd";

    private const string DetailsTrailer = "grpc-status-details-bin";

    /// <summary>Longer texts would meet the limits that clients set for trailers.</summary>
    private const int LongestText = 1024;

    private static readonly (string Marker, string Call)[] s_words =
    [
        ("touch the marker again", "ask again"),
        ("Touch the marker again", "Ask again"),
        ("mark it again", "ask again"),
        ("mark the item again", "ask again"),
        ("then mark it", "then ask"),
        ("then its marker", "then ask"),
        ("before its marker is dropped", "before the call"),
        ("write this into the marker", "say so in the request, as a marker does with"),
        ("a marker and an item of your own", "an item of your own"),
    ];

    public static StatusCode CodeOf(Reason reason) => reason switch
    {
        Reason.TargetExists => StatusCode.AlreadyExists,
        Reason.ItemNotFound or Reason.VersionNotFound or Reason.RouteNotFound => StatusCode.NotFound,
        Reason.ItemUnsupported or Reason.InvalidName or Reason.BadMarker => StatusCode.InvalidArgument,
        Reason.CrossDevice or Reason.ChecksumMismatch or Reason.Held => StatusCode.FailedPrecondition,
        Reason.VersionMismatch or Reason.Interrupted => StatusCode.Aborted,
        Reason.NotPermitted => StatusCode.PermissionDenied,
        Reason.NoSpace => StatusCode.ResourceExhausted,
        Reason.Busy or Reason.ItemBusy => StatusCode.Unavailable,
        _ => StatusCode.Internal,
    };

    public static RpcException From(Refusal refusal, string route = "", string name = "", string? itemIsAt = null)
    {
        var info = new ErrorInfo
        {
            Reason = refusal.Reason.WireName(),
            Domain = Domain,
            Metadata =
            {
                ["hint"] = Shortened(HintFor(refusal)),
                ["retryable"] = refusal.IsRetryable ? "true" : "false",
            },
        };
        Add(info, "route", route);
        Add(info, "name", name);
        Add(info, "item", itemIsAt);
        Add(info, "published", refusal.IsPublished ? "true" : null);
        StatusCode code = CodeOf(refusal.Reason);
        string message = Shortened(refusal.Message);
        var status = new Google.Rpc.Status { Code = (int)code, Message = message, Details = { Any.Pack(info) } };
        return new RpcException(new Status(code, message), new Metadata { { DetailsTrailer, status.ToByteArray() } });
    }

    /// <summary>The request itself is wrong.</summary>
    public static RpcException BadRequest(string message, string hint) => From(new Refusal(Reason.BadMarker, message, hint));

    /// <summary>The watch cannot go on without a gap.</summary>
    public static RpcException OutOfRange(long sequence, long from, long until) => new(new Status(StatusCode.OutOfRange,
        string.Create(CultureInfo.InvariantCulture, $"Sequence {sequence} is not within the history, which reaches from {from} to {until}. Begin anew with initial_live.")));

    /// <summary>The engine's hints speak to who drops markers; a caller has none.</summary>
    private static string HintFor(Refusal refusal) => s_words.Aggregate(refusal.Hint, (hint, words) => hint.Replace(words.Marker, words.Call, StringComparison.Ordinal));

    private static void Add(ErrorInfo info, string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            info.Metadata[key] = Shortened(value);
    }

    private static string Shortened(string text) => text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText - 1), "…");
}
