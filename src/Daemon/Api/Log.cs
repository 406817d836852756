using Microsoft.Extensions.Logging;

namespace AtomikD.Api;

internal static partial class Log
{
    [LoggerMessage(700, LogLevel.Information, "Callers are served on {Socket}")]
    public static partial void Listening(ILogger logger, string socket);

    [LoggerMessage(703, LogLevel.Warning, "No calls are served, only markers: {Why} Set Socket to have them.")]
    public static partial void NoSocket(ILogger logger, string why);

    [LoggerMessage(701, LogLevel.Information, "Commits of {Route}/{Name} are held, by uid {Uid}")]
    public static partial void Held(ILogger logger, string route, string name, uint uid);

    [LoggerMessage(702, LogLevel.Information, "Commits of {Route}/{Name} are released, by uid {Uid}")]
    public static partial void Released(ILogger logger, string route, string name, uint uid);

    [LoggerMessage(705, LogLevel.Error, "Unexpected in {Call}")]
    public static partial void UnexpectedInCall(ILogger logger, string call, Exception exception);
}
