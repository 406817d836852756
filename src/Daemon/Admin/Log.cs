using Microsoft.Extensions.Logging;

namespace AtomikD.Admin;

internal static partial class Log
{
    [LoggerMessage(900, LogLevel.Information, "The status page is at http://{Address}/")]
    public static partial void Serving(ILogger logger, string address);

    [LoggerMessage(901, LogLevel.Warning, "No status page, no metrics and no health are served at {Address}: {Why}; commits are not affected. {Hint}")]
    public static partial void CannotServe(ILogger logger, string address, string why, string hint);

    [LoggerMessage(902, LogLevel.Warning, "A request for {Host} is refused: a web page may be trying to read this service through a name of its own. Ask by address or by this machine's name. Others like it are not told of")]
    public static partial void OtherHost(ILogger logger, string host);

    [LoggerMessage(903, LogLevel.Error, "{Path} could not be answered")]
    public static partial void Failed(ILogger logger, string path, Exception e);
}
