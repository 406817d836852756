using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client.Internal;

internal sealed class ClientStreamWriter<T> : IClientStreamWriter<T>
{
    // A buffer that one large message made larger is not kept for the small ones.
    private const int MaxKeptBuffer = 64 * 1024;

    private readonly ClientCall _call;
    private readonly PushContent _content;
    private readonly Marshaller<T> _marshaller;
    private readonly PooledBuffer _buffer = new();
    private readonly FrameWriter _frames;
    private Task _last = Task.CompletedTask;
    private bool _completed;

    public ClientStreamWriter(ClientCall call, PushContent content, Marshaller<T> marshaller, WriteOptions? writeOptions)
    {
        _call = call;
        _content = content;
        _marshaller = marshaller;
        _frames = new FrameWriter(_buffer, call.MaxSendMessageSize);
        WriteOptions = writeOptions;
    }

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_completed)
            return Task.FromException(new InvalidOperationException("The stream of requests is complete."));
        if (!_last.IsCompleted)
            return Task.FromException(new InvalidOperationException("The previous message is still being written."));
        return _last = WriteMessageAsync(message, cancellationToken);
    }

    public async Task CompleteAsync()
    {
        if (!_last.IsCompleted)
            throw new InvalidOperationException("The previous message is still being written.");
        _completed = true;
        _content.Complete();
        _buffer.Dispose();
        await Task.CompletedTask;
    }

    private async Task WriteMessageAsync(T message, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration cancel =
            cancellationToken.UnsafeRegister(static call => ((ClientCall)call!).Cancel(), _call);
        Serialize(message);
        try
        {
            Stream stream = await _content.Stream.WaitAsync(_call.Ended);
            await stream.WriteAsync(_buffer.WrittenMemory, _call.Ended);
            if (WriteOptions?.Flags.HasFlag(WriteFlags.BufferHint) != true)
                await stream.FlushAsync(_call.Ended);
            if (_buffer.Capacity > MaxKeptBuffer)
                _buffer.Dispose();
        }
        catch (Exception e)
        {
            throw await _call.WriteFailedAsync(e);
        }
    }

    private void Serialize(T message)
    {
        _buffer.Clear();
        try
        {
            _frames.Write(_marshaller, message);
        }
        catch (Exception e)
        {
            throw _call.Fail(e is RpcException ? e : new RpcException(new Status(StatusCode.Internal, "The message cannot be serialised.", e)));
        }
    }
}
