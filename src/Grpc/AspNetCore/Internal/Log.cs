using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The handler of {Method} failed.", EventName = "HandlerFailed")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string method);

    [LoggerMessage(2, LogLevel.Debug, "{Method} ended {StatusCode}: {Detail}", EventName = "CallEnded")]
    public static partial void CallEnded(ILogger logger, string method, Grpc.Core.StatusCode statusCode, string detail);
}
