namespace AtomikD.Ctl.Uploads;

/// <summary>The standard input, of which the beginning may be looked at, and where waiting for more can be ended.</summary>
internal sealed class InputStream(Stream input) : Stream
{
    private byte[] _peeked = [];
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The first bytes; fewer where there are no more.</summary>
    public async Task<byte[]> PeekAsync(int length, CancellationToken cancellationToken)
    {
        byte[] first = new byte[length];
        int count = 0;
        while (count < length && await ReadInputAsync(first.AsMemory(count), cancellationToken) is > 0 and int read)
            count += read;
        _peeked = first[..count];
        return _peeked;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == _peeked.Length)
            return ReadInputAsync(buffer, cancellationToken);
        int count = Math.Min(buffer.Length, _peeked.Length - _position);
        _peeked.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        return ValueTask.FromResult(count);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>A read that has begun cannot be called back, so it is left behind: with it, its own buffer.</summary>
    private async ValueTask<int> ReadInputAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        byte[] own = new byte[buffer.Length];
        int count = await Task.Run(() => input.Read(own), CancellationToken.None).WaitAsync(cancellationToken);
        own.AsMemory(0, count).CopyTo(buffer);
        return count;
    }
}
