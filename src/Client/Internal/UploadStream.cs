using Google.Protobuf;
using Grpc.Core;

namespace AtomikD.Client.Internal;

/// <summary>Sends what is written to it, in pieces, and no faster than the daemon takes them.</summary>
internal sealed class UploadStream(IClientStreamWriter<V1.UploadRequest> requests, Action<long> sent) : Stream
{
    public const int ChunkSize = 64 * 1024;

    private readonly byte[] _chunk = new byte[ChunkSize];
    private int _used;
    private long _sent;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public Task BeginAsync(V1.UploadHeader header, CancellationToken cancellationToken)
    {
        sent(0);
        return SendAsync(new V1.UploadRequest { Header = header }, cancellationToken);
    }

    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await SendChunkAsync(cancellationToken);
        try
        {
            await requests.CompleteAsync();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new SendException(e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            int part = Math.Min(buffer.Length, ChunkSize - _used);
            buffer[..part].CopyTo(_chunk.AsMemory(_used));
            _used += part;
            buffer = buffer[part..];
            if (_used == ChunkSize)
                await SendChunkAsync(cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task SendChunkAsync(CancellationToken cancellationToken)
    {
        if (_used == 0)
            return;
        // Serialized before the write returns, so the buffer may be filled again.
        await SendAsync(new V1.UploadRequest { Data = UnsafeByteOperations.UnsafeWrap(_chunk.AsMemory(0, _used)) }, cancellationToken);
        _sent += _used;
        _used = 0;
        sent(_sent);
    }

    private async Task SendAsync(V1.UploadRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await requests.WriteAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new SendException(e);
        }
    }

    /// <summary>The stream to the daemon is broken, as opposed to the source that cannot be read. No IOException: the writer of the tar passes it on as it is.</summary>
    internal sealed class SendException(Exception cause) : Exception("The daemon takes no more.", cause);
}
