using AtomikD.V1;
using Grpc.Core;

namespace AtomikD.Api;

/// <summary>The data of an upload's messages as one stream, for whoever unpacks it.</summary>
internal sealed class UploadData(IAsyncStreamReader<UploadRequest> messages) : Stream
{
    private ReadOnlyMemory<byte> _rest;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty && !buffer.IsEmpty)
        {
            if (!await messages.MoveNext(cancellationToken))
                return 0;
            if (messages.Current.PartCase != UploadRequest.PartOneofCase.Data)
                throw Failures.BadRequest("A message of the upload carries no data.", "Send the header once, first; then data only.");
            _rest = messages.Current.Data.Memory;
        }
        int length = Math.Min(buffer.Length, _rest.Length);
        _rest[..length].CopyTo(buffer);
        _rest = _rest[length..];
        return length;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is read without blocking.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
