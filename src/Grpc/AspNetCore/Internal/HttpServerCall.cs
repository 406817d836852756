using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>One call on one HTTP/2 stream.</summary>
internal sealed partial class HttpServerCall : ServerCallContext
{
    // Above this, a message that may wait for others no longer does.
    private const int BufferedBytes = 64 * 1024;

    private readonly GrpcServer _server;
    private readonly IMethod _method;
    private readonly PipeWriter _output;
    private readonly FrameWriter _writer;
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;
    private Dictionary<object, object>? _userState;
    private bool _headersSent;
    private bool _messageWritten;
    private bool _outputStuck;
    private bool _callerHasGone;
    private bool _ended;

    public HttpServerCall(HttpContext http, GrpcServer server, IMethod method)
    {
        HttpContext = http;
        _server = server;
        _method = method;
        _output = http.Response.BodyWriter;
        _writer = new FrameWriter(_output, server.Options.MaxSendMessageSize);
        Reader = new FrameReader(http.Request.BodyReader, server.Options.MaxReceiveMessageSize, StatusCode.Unimplemented);
    }

    public HttpContext HttpContext { get; }

    public FrameReader Reader { get; }

    protected override string MethodCore => _method.FullName;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore
    {
        get
        {
            ConnectionInfo connection = HttpContext.Connection;
            return connection.RemoteIpAddress is not { } address
                ? "unix:"
                : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
                    ? $"ipv6:[{address}]:{connection.RemotePort}"
                    : $"ipv4:{address}:{connection.RemotePort}";
        }
    }

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadRequestHeaders();

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override IDictionary<object, object> UserStateCore => _userState ??= [];

    private bool IsStreaming => _method.Type != MethodType.Unary;

    /// <summary>Reads the deadline and lifts the limits that a stream must not have. Throws the status that ends the call at once.</summary>
    public void Begin()
    {
        if (IsStreaming)
        {
            // An idle stream is not a slow upload, and a long one not a large body.
            if (HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
                rate.MinDataRate = null;
            if (HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
                size.MaxRequestBodySize = null;
        }
        BeginDeadline();
    }

    /// <summary>The request broke off while it was read: reset, or its connection gone. Its token may not know of it yet.</summary>
    public void NoteBreak(IOException failure) => _callerHasGone |= failure is not BadHttpRequestException;

    public void WriteMessage<T>(Marshaller<T> marshaller, T message)
    {
        if (_ended)
            throw new InvalidOperationException("The call has ended.");
        _writer.Write(marshaller, message);
        // Bytes that wait in the writer do not count as a started response, so it is remembered here.
        _messageWritten = true;
    }

    public async ValueTask FlushAsync(bool mayWait, CancellationToken cancellationToken)
    {
        if (mayWait && _output.CanGetUnflushedBytes && _output.UnflushedBytes < BufferedBytes)
            return;
        CancellationToken ofCall = CancellationToken;
        // Not with a token: Kestrel would answer its end with a reset of its own, INTERNAL_ERROR.
        ValueTask<FlushResult> flush = _output.FlushAsync(CancellationToken.None);
        FlushResult result;
        if (flush.IsCompletedSuccessfully)
            result = flush.Result;
        else
            result = await WaitForRoomAsync(flush.AsTask(), ofCall, cancellationToken);
        // The reader of the response is known to be gone before the request is said to be aborted.
        _callerHasGone |= result.IsCompleted || result.IsCanceled;
        if (_callerHasGone)
            throw new OperationCanceledException("The caller has gone.", ofCall);
    }

    private async Task<FlushResult> WaitForRoomAsync(Task<FlushResult> flush, CancellationToken ofCall, CancellationToken ofWrite)
    {
        try
        {
            if (!ofWrite.CanBeCanceled || ofWrite == ofCall)
                return await flush.WaitAsync(ofCall);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(ofWrite, ofCall);
            return await flush.WaitAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            _outputStuck = true;
            throw;
        }
    }

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        if (_headersSent || _messageWritten || _ended)
            throw new InvalidOperationException("The response headers have been sent.");
        _headersSent = true;
        ResponseStatus.WriteMetadata(HttpContext.Response.Headers, responseHeaders);
        await FlushAsync(mayWait: false, CancellationToken.None);
    }

    private Metadata ReadRequestHeaders()
    {
        Metadata metadata = [];
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in HttpContext.Request.Headers)
        {
            if (GrpcProtocol.IsReserved(name))
                continue;
            foreach (string? value in values)
                MetadataCoding.AddReceived(metadata, name, value ?? "");
        }
        return metadata.Freeze();
    }
}
