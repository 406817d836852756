using System.IO.Pipelines;
using System.Net;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>One call: its request, its response, and the one status that ends both.</summary>
internal sealed partial class ClientCall : IDisposable
{
    private static readonly StreamPipeReaderOptions s_brief = new(leaveOpen: true);
    // A stream that waits holds no buffer.
    private static readonly StreamPipeReaderOptions s_longLived = new(leaveOpen: true, useZeroByteReads: true);

    private readonly GrpcChannel _channel;
    private readonly IMethod _method;
    private readonly string? _host;
    private readonly CallOptions _options;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenRegistration _byCaller;
    private readonly CancellationTokenRegistration _byChannel;
    private readonly ITimer? _deadlineTimer;
    private readonly TimeSpan? _timeout;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<Metadata>? _headers;
    private HttpResponseMessage? _response;
    private CallContent? _content;
    private PipeReader? _input;
    private FrameReader? _frames;
    private volatile Outcome? _outcome;

    public ClientCall(GrpcChannel channel, IMethod method, string? host, CallOptions options)
    {
        ObjectDisposedException.ThrowIf(channel.Disposed.IsCancellationRequested, channel);
        _channel = channel;
        _method = method;
        _host = host;
        _options = options;
        Ended = _ended.Token;
        if (options.Deadline is { } deadline && deadline != DateTime.MaxValue)
        {
            _timeout = deadline.ToUniversalTime() - TimeProvider.System.GetUtcNow().UtcDateTime;
            if (_timeout <= TimeSpan.Zero)
                Finish(DeadlineExceeded(), null);
            else if (_timeout < s_maxTimer)
                _deadlineTimer = TimeProvider.System.CreateTimer(
                    static call => ((ClientCall)call!).Finish(DeadlineExceeded(), null), this, _timeout.Value, Timeout.InfiniteTimeSpan);
        }
        _byCaller = options.CancellationToken.UnsafeRegister(static call => ((ClientCall)call!).Cancel(), this);
        _byChannel = channel.Disposed.UnsafeRegister(static call => ((ClientCall)call!).Cancel(), this);
        // What ended the call meanwhile did not see all of these.
        if (_outcome is not null)
            StopWatching();
    }

    /// <summary>Ends what still reads or writes for the call when its status is known.</summary>
    public CancellationToken Ended { get; }

    public int? MaxSendMessageSize => _channel.MaxSendMessageSize;

    public Task<Metadata> ResponseHeadersAsync
    {
        get
        {
            lock (_gate)
            {
                if (_headers is null)
                {
                    _headers = new TaskCompletionSource<Metadata>(TaskCreationOptions.RunContinuationsAsynchronously);
                    if (_response is not null || _outcome is not null)
                        SettleHeaders();
                }
                return _headers.Task;
            }
        }
    }

    /// <summary>Sends the request and reads the one message of the response.</summary>
    public async Task<TResponse> ReadSingleAsync<TResponse>(CallContent? content, Marshaller<TResponse> marshaller)
        where TResponse : class
    {
        if (!await OpenAsync(content, longLived: false))
        {
            ThrowUnlessOk();
            throw NoMessage();
        }
        try
        {
            TResponse? message = await _frames!.ReadAsync(marshaller, Ended);
            if (message is not null)
                await _frames.ReadEndAsync(StatusCode.Internal, Ended);
            FinishByTrailers(message is not null);
            return message!;
        }
        catch (Exception e)
        {
            throw Fail(e);
        }
    }

    /// <summary>The next message of a stream, or null at its good end.</summary>
    public async ValueTask<TResponse?> ReadNextAsync<TResponse>(Marshaller<TResponse> marshaller)
        where TResponse : class
    {
        if (_outcome is not null)
        {
            ThrowUnlessOk();
            return null;
        }
        try
        {
            TResponse? message = await _frames!.ReadAsync(marshaller, Ended);
            if (message is null)
                FinishByTrailers(hasMessage: true);
            return message;
        }
        catch (Exception e)
        {
            throw Fail(e);
        }
    }

    /// <summary>Sends the request up to the headers of the response. False when the call has ended with them, or before.</summary>
    public async Task<bool> OpenAsync(CallContent? content, bool longLived)
    {
        if (content is null || _outcome is not null)
            return false;
        try
        {
            _content = content;
            HttpResponseMessage response = await _channel.Http.SendAsync(CreateRequest(content), Ended);
            lock (_gate)
            {
                if (_outcome is null)
                {
                    _response = response;
                    if (_headers is not null)
                        SettleHeaders();
                }
            }
            if (_response is null)
            {
                response.Dispose();
                return false;
            }
            if (ReadStatus(response.Headers) is { } status)
            {
                Finish(status, ReadMetadata(response.Headers));
                return false;
            }
            if (response.StatusCode != HttpStatusCode.OK)
                throw new RpcException(HttpErrors.StatusOf(response.StatusCode));
            if (!GrpcProtocol.IsGrpc(ContentTypeOf(response)))
                throw new RpcException(new Status(StatusCode.Unknown, $"The server answered with content type '{ContentTypeOf(response)}'."));

            Stream stream = await response.Content.ReadAsStreamAsync(Ended);
            _input = PipeReader.Create(stream, longLived ? s_longLived : s_brief);
            _frames = new FrameReader(_input, _channel.MaxReceiveMessageSize, StatusCode.Internal);
            return true;
        }
        catch (Exception e)
        {
            Fail(e);
            return false;
        }
    }

    private static string? ContentTypeOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values) ? values.ToString() : null;

    private HttpRequestMessage CreateRequest(CallContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _channel.AddressOf(_method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation(GrpcProtocol.AcceptEncodingHeader, GrpcProtocol.IdentityEncoding);
        if (_timeout is { } timeout)
            request.Headers.TryAddWithoutValidation(GrpcProtocol.TimeoutHeader, TimeoutCoding.Encode(timeout));
        if (_host is not null)
            request.Headers.Host = _host;
        if (_options.Headers is { } headers)
        {
            foreach (Metadata.Entry entry in headers)
            {
                if (!GrpcProtocol.IsReserved(entry.Key))
                    request.Headers.TryAddWithoutValidation(entry.Key, MetadataCoding.Encode(entry));
            }
        }
        return request;
    }
}
