using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "{Method} ended {StatusCode}: {Detail}", EventName = "CallEnded")]
    public static partial void CallEnded(ILogger logger, string method, StatusCode statusCode, string detail);
}
