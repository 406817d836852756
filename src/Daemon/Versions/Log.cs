using Microsoft.Extensions.Logging;

namespace AtomikD.Versions;

/// <summary>What collection logs. Nothing per version above Debug but what somebody should look at.</summary>
internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Debug, "Collected {Deleted} versions of {Route}, {Bytes} bytes; {Spared} spared")]
    public static partial void Collected(ILogger logger, string route, int deleted, long bytes, int spared);

    [LoggerMessage(301, LogLevel.Warning, "Version {Number} of {Route}/{Name} is deleted although it is held: it was replaced longer ago than HoldMax ({HoldMax})")]
    public static partial void HoldOverdue(ILogger logger, string route, string name, long number, TimeSpan holdMax);

    [LoggerMessage(302, LogLevel.Warning, "{Path} is kept: process {Pid} ({Command}) has it, or something in it, mounted at {Point}. Mount the target or its parent, never an item")]
    public static partial void Mounted(ILogger logger, string path, int pid, string command, string point);

    [LoggerMessage(303, LogLevel.Warning, "{Slot} is not version {Number} of {Route}/{Name}, which stood there: {To}")]
    public static partial void NotItsRow(ILogger logger, string slot, string route, string name, long number, string to);

    [LoggerMessage(304, LogLevel.Warning, "Version {Number} of {Route}/{Name} is no longer retained: something else removed it from the vault")]
    public static partial void SlotIsGone(ILogger logger, string route, string name, long number);

    [LoggerMessage(305, LogLevel.Warning, "{Path} cannot be deleted: {Why}. It is tried again every ten minutes")]
    public static partial void Undeletable(ILogger logger, string path, string why);

    [LoggerMessage(306, LogLevel.Error, "Nothing more is collected in {Vault} until the daemon starts anew: {What} failed: {Why}")]
    public static partial void SyncFailed(ILogger logger, string vault, string what, string why);

    [LoggerMessage(307, LogLevel.Warning, "The journal cannot be written, collection waits: {Why}")]
    public static partial void JournalRefuses(ILogger logger, string why);

    [LoggerMessage(308, LogLevel.Warning, "Nothing is collected in {Vault}: its mount cannot be found in /proc/self/mountinfo, so nobody can tell which versions are mounted elsewhere")]
    public static partial void MountNotFound(ILogger logger, string vault);

    [LoggerMessage(310, LogLevel.Warning, "Nothing is collected in {Vault} for now: {Why}")]
    public static partial void CannotLook(ILogger logger, string vault, string why);

    [LoggerMessage(311, LogLevel.Warning, "The expired receipt {Path} cannot be removed: {Why}")]
    public static partial void ReceiptStays(ILogger logger, string path, string why);

    [LoggerMessage(309, LogLevel.Warning, "{Path}, left in the trash, is deleted although it is held: it has been so for longer than HoldMax ({HoldMax})")]
    public static partial void TrashHoldOverdue(ILogger logger, string path, TimeSpan holdMax);
}
