using System.Net;

namespace Grpc.Net.Client.Internal;

/// <summary>A request that is written while it is sent.</summary>
internal sealed class PushContent(ClientCall call) : CallContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where messages go, as soon as there is a connection.</summary>
    public Task<Stream> Stream => _stream.Task;

    public void Complete() => _completed.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The server must learn of the call before the first message.
        await stream.FlushAsync(call.Ended);
        if (!_stream.TrySetResult(stream))
            throw new IOException("A stream of requests cannot be sent twice.");
        // Whatever ends the call ends the body: nobody waits for room in a stream that the server left.
        await _completed.Task.WaitAsync(call.Ended);
        Sent = true;
    }
}
