using Grpc.Core.Wire;

namespace Grpc.AspNetCore.Server;

internal sealed class GrpcServiceOptions
{
    /// <summary>Bytes of one message; null for no limit. Beyond it a call ends RESOURCE_EXHAUSTED before the message is held.</summary>
    public int? MaxReceiveMessageSize { get; set; } = GrpcProtocol.DefaultMaxReceiveMessageSize;

    /// <summary>Bytes of one message; null, the default, for no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Tells callers the type and message of an exception that no status was made of. For development.</summary>
    public bool? EnableDetailedErrors { get; set; }
}
