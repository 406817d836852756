using Microsoft.Extensions.Logging;

namespace AtomikD.Systemd;

internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Warning, "systemd cannot be told how the service does: {Why}")]
    public static partial void NotReached(ILogger logger, string why);

    [LoggerMessage(1001, LogLevel.Error, "The lane of {Routes} has not moved since the last look and waits for nothing but this process: systemd is given no sign of life until it does")]
    public static partial void LaneStuck(ILogger logger, string routes);

    [LoggerMessage(1002, LogLevel.Warning, "The disk under {Routes} keeps its lane waiting for {Seconds} s now")]
    public static partial void LaneSlow(ILogger logger, string routes, int seconds);

    [LoggerMessage(1003, LogLevel.Warning, "`systemctl reload` and `atomikd backup` will not work: {Why}")]
    public static partial void NoDoor(ILogger logger, string why);

    [LoggerMessage(1004, LogLevel.Warning, "A call to reload or to back up was cut short: {Why}")]
    public static partial void DoorCallCut(ILogger logger, string why);

    [LoggerMessage(1005, LogLevel.Information, "The journal was backed up: {KiB} KiB, copied in {Milliseconds} ms")]
    public static partial void BackedUp(ILogger logger, long kiB, long milliseconds);

    [LoggerMessage(1006, LogLevel.Warning, "No backup of the journal was made: {Why}")]
    public static partial void NotBackedUp(ILogger logger, string why);
}
