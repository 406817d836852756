using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed class ResponseStream<T>(HttpServerCall call, Marshaller<T> marshaller) : IServerStreamWriter<T>
{
    private Task _last = Task.CompletedTask;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (!_last.IsCompleted)
            return Task.FromException(new InvalidOperationException("The previous message is still being written."));
        return _last = WriteAndFlushAsync(message, cancellationToken);
    }

    private async Task WriteAndFlushAsync(T message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // A reset stream swallows writes without a word; the token of the call knows.
        call.CancellationToken.ThrowIfCancellationRequested();
        call.WriteMessage(marshaller, message);
        WriteOptions? options = WriteOptions ?? call.WriteOptions;
        await call.FlushAsync(mayWait: options?.Flags.HasFlag(WriteFlags.BufferHint) == true, cancellationToken);
    }
}
