using System.Collections.Frozen;

namespace AtomikD.Commits;

/// <summary>Why a request was refused. One closed list for receipts, RPC errors, logs and metrics.</summary>
internal enum Reason
{
    TargetExists,
    ItemNotFound,
    ItemBusy,
    ItemUnsupported,
    InvalidName,
    BadMarker,
    CrossDevice,
    VersionMismatch,
    VersionNotFound,
    ChecksumMismatch,
    NotPermitted,
    RouteNotFound,
    Held,
    NoSpace,
    Busy,
    Interrupted,
    IoError,
}

internal static class Reasons
{
    private static readonly FrozenDictionary<Reason, string> s_names = new Dictionary<Reason, string>
    {
        [Reason.TargetExists] = "TARGET_EXISTS",
        [Reason.ItemNotFound] = "ITEM_NOT_FOUND",
        [Reason.ItemBusy] = "ITEM_BUSY",
        [Reason.ItemUnsupported] = "ITEM_UNSUPPORTED",
        [Reason.InvalidName] = "INVALID_NAME",
        [Reason.BadMarker] = "BAD_MARKER",
        [Reason.CrossDevice] = "CROSS_DEVICE",
        [Reason.VersionMismatch] = "VERSION_MISMATCH",
        [Reason.VersionNotFound] = "VERSION_NOT_FOUND",
        [Reason.ChecksumMismatch] = "CHECKSUM_MISMATCH",
        [Reason.NotPermitted] = "NOT_PERMITTED",
        [Reason.RouteNotFound] = "ROUTE_NOT_FOUND",
        [Reason.Held] = "HELD",
        [Reason.NoSpace] = "NO_SPACE",
        [Reason.Busy] = "BUSY",
        [Reason.Interrupted] = "INTERRUPTED",
        [Reason.IoError] = "IO_ERROR",
    }.ToFrozenDictionary();

    /// <summary>The name on the wire.</summary>
    public static string WireName(this Reason reason) => s_names[reason];

    /// <summary>The same request may succeed later without a change by its producer's hand, or after writing the item again.</summary>
    public static bool IsRetryable(this Reason reason) => reason is Reason.Busy or Reason.ItemBusy or Reason.NoSpace
        or Reason.Interrupted or Reason.ItemNotFound or Reason.VersionMismatch or Reason.Held;
}
