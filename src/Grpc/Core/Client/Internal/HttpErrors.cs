using System.Net;
using System.Net.Http;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>What a failure of HTTP means as a status.</summary>
internal static class HttpErrors
{
    public static Status StatusOf(HttpStatusCode statusCode) => new(
        statusCode switch
        {
            HttpStatusCode.BadRequest => StatusCode.Internal,
            HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
            HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
            HttpStatusCode.NotFound => StatusCode.Unimplemented,
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
                => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        },
        $"The server answered with HTTP status {(int)statusCode}.");

    public static Status StatusOf(Exception failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            if (e is HttpProtocolException protocol)
                return new Status(StatusOf(protocol.ErrorCode), $"The server reset the call with HTTP/2 error {protocol.ErrorCode}.", failure);
        }
        return failure switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
                new Status(StatusCode.Unavailable, $"The server cannot be reached: {Innermost(failure)}", failure),
            HttpRequestException or IOException =>
                new Status(StatusCode.Unavailable, $"The connection to the server failed: {Innermost(failure)}", failure),
            // Not by the caller's token, which was looked at before: a connection attempt that took too long.
            OperationCanceledException => new Status(StatusCode.Unavailable, "The server cannot be reached in time.", failure),
            _ => new Status(StatusCode.Internal, $"The call failed inside the client: {failure.Message}", failure),
        };
    }

    private static StatusCode StatusOf(long http2Error) => http2Error switch
    {
        0 => StatusCode.Unavailable, // NO_ERROR: a server that goes away says so
        7 => StatusCode.Unavailable, // REFUSED_STREAM
        8 => StatusCode.Cancelled, // CANCEL
        11 => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        12 => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };

    private static string Innermost(Exception failure) => failure.GetBaseException().Message;
}
