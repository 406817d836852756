using System.Collections.Frozen;

namespace Grpc.Core.Wire;

/// <summary>Names and numbers of gRPC over HTTP/2.</summary>
internal static class GrpcProtocol
{
    public const string ContentType = "application/grpc";
    public const string TimeoutHeader = "grpc-timeout";
    public const string StatusHeader = "grpc-status";
    public const string MessageHeader = "grpc-message";
    public const string AcceptEncodingHeader = "grpc-accept-encoding";
    public const string IdentityEncoding = "identity";

    /// <summary>One byte that says whether the message is compressed, four of length.</summary>
    public const int PrefixLength = 5;

    public const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    // The protocol's own, and HTTP's: never metadata, in neither direction.
    private static readonly FrozenSet<string> s_reserved = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "content-type", "content-length", "te", "connection", "host", "transfer-encoding",
        TimeoutHeader, StatusHeader, MessageHeader, AcceptEncodingHeader, "grpc-encoding");

    public static bool IsReserved(string name) => name.Length == 0 || name[0] == ':' || s_reserved.Contains(name);

    /// <summary>Whether a content type is <c>application/grpc</c>, with or without a suffix (<c>+proto</c>) or parameters.</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');
}
