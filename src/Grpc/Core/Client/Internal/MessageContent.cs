using System.Net;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>A request of one message, serialised beforehand: the connection may ask for it again.</summary>
internal sealed class MessageContent : CallContent
{
    private readonly ClientCall _call;
    private readonly PooledBuffer _buffer = new();
    private State _state;

    private MessageContent(ClientCall call) => _call = call;

    /// <summary>Null when the message cannot be sent; the call has ended then.</summary>
    public static MessageContent? Create<T>(ClientCall call, Marshaller<T> marshaller, T message)
    {
        var content = new MessageContent(call);
        try
        {
            new FrameWriter(content._buffer, call.MaxSendMessageSize).Write(marshaller, message);
            return content;
        }
        catch (Exception e)
        {
            call.Fail(e is RpcException ? e : new RpcException(new Status(StatusCode.Internal, "The request cannot be serialised.", e)));
            content._buffer.Dispose();
            return null;
        }
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, State.Writing, State.Idle) != State.Idle)
            throw new OperationCanceledException(_call.Ended);
        await stream.WriteAsync(_buffer.WrittenMemory, _call.Ended);
        Interlocked.Exchange(ref _state, State.Idle);
        Sent = true;
    }

    protected override void Dispose(bool disposing)
    {
        // A buffer that a broken write may still hold is not given to others.
        if (disposing && Interlocked.CompareExchange(ref _state, State.Disposed, State.Idle) == State.Idle)
            _buffer.Dispose();
        base.Dispose(disposing);
    }

    private enum State
    {
        Idle,
        Writing,
        Disposed,
    }
}
