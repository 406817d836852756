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

    [LoggerMessage(1003, LogLevel.Warning, "`systemctl reload` will not work: {Why}")]
    public static partial void NoReloadDoor(ILogger logger, string why);

    [LoggerMessage(1004, LogLevel.Warning, "A call to reload was cut short: {Why}")]
    public static partial void ReloadCallCut(ILogger logger, string why);
}
