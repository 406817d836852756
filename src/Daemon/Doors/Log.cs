using Microsoft.Extensions.Logging;

namespace AtomikD.Doors;

internal static partial class Log
{
    [LoggerMessage(704, LogLevel.Warning, "A connection of uid {Uid} is turned away: {OfUser} of that user are open, {Open} of {Most} in all. Others in the next minute are not told of")]
    public static partial void TurnedAway(ILogger logger, uint uid, int ofUser, int open, int most);

    [LoggerMessage(706, LogLevel.Warning, "A connection cannot be accepted")]
    public static partial void NotAccepted(ILogger logger, Exception exception);

    [LoggerMessage(707, LogLevel.Debug, "{Door}: somebody has come, the server starts")]
    public static partial void Opened(ILogger logger, string door);

    [LoggerMessage(708, LogLevel.Debug, "{Door}: nobody is there, the server ends")]
    public static partial void Closed(ILogger logger, string door);

    [LoggerMessage(709, LogLevel.Warning, "{Door}: the server did not end as it should")]
    public static partial void NotClosed(ILogger logger, string door, Exception exception);
}
