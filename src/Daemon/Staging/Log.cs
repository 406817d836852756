using Microsoft.Extensions.Logging;

namespace AtomikD.Staging;

internal static partial class Log
{
    [LoggerMessage(400, LogLevel.Warning, "The kernel's queue of folder events was full; every staging folder is scanned")]
    public static partial void WatchOverflow(ILogger logger);
}
