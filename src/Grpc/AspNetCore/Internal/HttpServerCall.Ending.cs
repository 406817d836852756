using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>How the call ends: by the handler, the deadline, the caller or the server's stop.</summary>
internal sealed partial class HttpServerCall
{
    // Error codes of HTTP/2.
    private const int InternalError = 2;
    private const int RefusedStream = 7;
    private const int Cancel = 8;

    // What a timer takes; a later deadline is none.
    private static readonly TimeSpan s_maxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _tokenGate = new();
    private CancellationTokenSource? _tokens;
    private ITimer? _deadlineTimer;
    private DateTime _deadline = DateTime.MaxValue;
    private volatile bool _deadlinePassed;

    /// <summary>Whether a result would come too late.</summary>
    public bool IsOver => _deadlinePassed;

    /// <summary>For reading the request of a call with one: Kestrel ends the read when the caller goes, so only a deadline needs a token.</summary>
    public CancellationToken WaitToken => _deadlineTimer is null && !IsStreaming ? CancellationToken.None : CancellationToken;

    protected override DateTime DeadlineCore => _deadline;

    protected override CancellationToken CancellationTokenCore
    {
        get
        {
            // A plain unary call costs no source of its own.
            if (_tokens is null && _deadlineTimer is null && !IsStreaming)
                return HttpContext.RequestAborted;
            lock (_tokenGate)
            {
                if (_tokens is null)
                {
                    _tokens = IsStreaming
                        ? CancellationTokenSource.CreateLinkedTokenSource(HttpContext.RequestAborted, _server.Stopping)
                        : CancellationTokenSource.CreateLinkedTokenSource(HttpContext.RequestAborted);
                    if (_deadlinePassed)
                        _tokens.Cancel();
                }
                return _tokens.Token;
            }
        }
    }

    /// <summary>Whether the stream ended by a reset instead of a status.</summary>
    public bool WasReset => _writer.Broken || _outputStuck;

    /// <summary>Sets the status, which leaves with the end of the response.</summary>
    public void End(Exception? failure)
    {
        Status status = failure is null ? StatusOfReturn() : StatusOf(failure);
        _ended = true;
        _deadlineTimer?.Dispose();
        if (status.StatusCode != StatusCode.OK)
            Log.CallEnded(_server.Logger, _method.FullName, status.StatusCode, status.Detail);

        if (WasReset)
        {
            // Half a message, or one that nobody takes, stands before the trailers: they would never arrive.
            int code = _writer.Broken ? InternalError : _server.Stopping.IsCancellationRequested ? RefusedStream : Cancel;
            HttpContext.Features.Get<IHttpResetFeature>()?.Reset(code);
        }
        else
        {
            WriteStatus(status, (failure as RpcException)?.Trailers);
        }
        _tokens?.Dispose();
    }

    private void WriteStatus(Status status, Metadata? ofException)
    {
        HttpResponse response = HttpContext.Response;
        if (Reader.SawCompressed && !response.HasStarted)
            response.Headers[GrpcProtocol.AcceptEncodingHeader] = GrpcProtocol.IdentityEncoding;

        IHeaderDictionary? place = _messageWritten || response.HasStarted
            ? HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers
            : response.Headers;
        if (place is null)
            return;
        if (ofException is not null)
            ResponseStatus.WriteMetadata(place, ofException);
        ResponseStatus.Write(place, status, _responseTrailers);
    }

    private Status StatusOfReturn()
    {
        if (_deadlinePassed)
            return DeadlineExceeded();
        // A stream that its handler left because the server stops is not complete.
        if (_method.Type is MethodType.ServerStreaming or MethodType.DuplexStreaming
            && _server.Stopping.IsCancellationRequested && Status.StatusCode == StatusCode.OK)
            return Stopping();
        return Status;
    }

    private Status StatusOf(Exception failure)
    {
        if (failure is RpcException rpc && rpc.StatusCode != StatusCode.Cancelled)
            return rpc.StatusCode == StatusCode.OK ? new Status(StatusCode.Unknown, "A call cannot fail with OK.") : rpc.Status;
        if (_deadlinePassed)
            return DeadlineExceeded();
        if (_callerHasGone || HttpContext.RequestAborted.IsCancellationRequested)
            return new Status(StatusCode.Cancelled, "The caller has gone.");
        if (IsStreaming && _server.Stopping.IsCancellationRequested && failure is OperationCanceledException or RpcException)
            return Stopping();
        switch (failure)
        {
            case RpcException cancelled:
                return cancelled.Status;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new Status(StatusCode.ResourceExhausted, "The request is too large.");
            case BadHttpRequestException or Microsoft.AspNetCore.Connections.ConnectionResetException:
                return new Status(StatusCode.Cancelled, "The request did not arrive whole.");
            default:
                Log.HandlerFailed(_server.Logger, failure, _method.FullName);
                return new Status(StatusCode.Unknown, _server.Options.EnableDetailedErrors == true
                    ? $"The call failed inside the server. {failure.GetType().Name}: {failure.Message}"
                    : "The call failed inside the server.");
        }
    }

    private void BeginDeadline()
    {
        if (!HttpContext.Request.Headers.TryGetValue(GrpcProtocol.TimeoutHeader, out StringValues values))
            return;
        if (values.Count != 1 || !TimeoutCoding.TryDecode(values[0]!, out TimeSpan timeout))
            throw new RpcException(new Status(StatusCode.Internal, "The header grpc-timeout is malformed."));

        DateTime now = _server.Time.GetUtcNow().UtcDateTime;
        if (timeout < DateTime.MaxValue - now)
            _deadline = now + timeout;
        if (timeout == TimeSpan.Zero)
        {
            _deadlinePassed = true;
            throw new OperationCanceledException();
        }
        if (timeout < s_maxTimer)
            _deadlineTimer = _server.Time.CreateTimer(static call => ((HttpServerCall)call!).PassDeadline(), this, timeout, Timeout.InfiniteTimeSpan);
    }

    private void PassDeadline()
    {
        CancellationTokenSource? tokens;
        lock (_tokenGate)
        {
            if (_ended)
                return;
            _deadlinePassed = true;
            tokens = _tokens;
        }
        try
        {
            tokens?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended in the meantime.
        }
    }

    private static Status DeadlineExceeded() => new(StatusCode.DeadlineExceeded, "The deadline has passed.");

    private static Status Stopping() => new(StatusCode.Unavailable, "The server is stopping.");
}
