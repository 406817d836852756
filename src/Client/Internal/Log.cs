using Microsoft.Extensions.Logging;

namespace AtomikD.Client.Internal;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "Connected to {Socket}.")]
    public static partial void Connected(ILogger logger, string socket);

    [LoggerMessage(2, LogLevel.Warning, "{Method} has not reached the daemon: {Problem} It is tried again, for up to {Limit}.")]
    public static partial void NotReached(ILogger logger, string method, string problem, TimeSpan limit);

    [LoggerMessage(3, LogLevel.Information, "{Method} lost its connection and is asked again (try {Attempt}): {Problem}")]
    public static partial void AskedAgain(ILogger logger, string method, int attempt, string problem);

    [LoggerMessage(4, LogLevel.Information, "The watch lost its connection and goes on after event {Sequence}: {Problem}")]
    public static partial void WatchResumes(ILogger logger, long sequence, string problem);

    [LoggerMessage(5, LogLevel.Warning, "{Path} is left behind in the staging folder: {Problem}")]
    public static partial void NotRemoved(ILogger logger, string path, string problem);

    [LoggerMessage(6, LogLevel.Debug, "The receipt {Path} is left behind, the daemon will remove it: {Problem}")]
    public static partial void ReceiptLeft(ILogger logger, string path, string problem);

    [LoggerMessage(7, LogLevel.Debug, "{Route}/{Name} is at version {Version}.")]
    public static partial void Committed(ILogger logger, string route, string name, long version);
}
