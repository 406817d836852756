using Microsoft.Extensions.Logging;

namespace AtomikD.Doors;

internal static partial class Log
{
    [LoggerMessage(706, LogLevel.Warning, "A connection cannot be accepted")]
    public static partial void NotAccepted(ILogger logger, Exception exception);

    [LoggerMessage(707, LogLevel.Debug, "{Door}: somebody has come, the server starts")]
    public static partial void Opened(ILogger logger, string door);

    [LoggerMessage(708, LogLevel.Debug, "{Door}: nobody is there, the server ends")]
    public static partial void Closed(ILogger logger, string door);
}
