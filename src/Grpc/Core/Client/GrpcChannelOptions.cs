using Grpc.Core.Wire;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client;

internal sealed class GrpcChannelOptions
{
    /// <summary>What carries the calls. Without one the channel makes its own.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether the channel disposes <see cref="HttpHandler"/> with itself.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Bytes of one message; null for no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = GrpcProtocol.DefaultMaxReceiveMessageSize;

    /// <summary>Bytes of one message; null, the default, for no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    public ILoggerFactory? LoggerFactory { get; set; }
}
