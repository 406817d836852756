using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;

namespace AtomikD.Uploads;

/// <summary>
/// The data of an upload as it comes: counted, bounded, and ended where it may not go on. What reads from it sees an end
/// then, and <see cref="Refusal"/> says why.
/// </summary>
internal sealed class UploadStream(Stream inner, Fd vault, RouteSettings settings, UploadRequestInfo header) : Stream
{
    private const int Block = 512;

    /// <summary>More at once is asked for only by the header of an archive that claims absurdly long names.</summary>
    private const int LongestRead = 1 << 20;
    private const long LookEvery = 64L << 20;

    private readonly byte[] _tail = new byte[Block];
    private long _nextLook = LookEvery;
    private bool _hasEnded;

    public Refusal? Refusal { get; private set; }

    /// <summary>What the sender's stream threw.</summary>
    public Exception? Failure { get; private set; }

    public long Received { get; private set; }

    /// <summary>The last 512 bytes that were read are all zero.</summary>
    public bool EndsWithZeroBlock => Received >= Block && !_tail.AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>Is there room for it, and for what must be kept free?</summary>
    public static Refusal? CheckRoom(Fd vault, RouteSettings settings, long? size, string name)
    {
        if (SysStatfs.FStatfs(vault, out SysStatfs.statfs room) != Errno.None)
            return null;
        long free = (long)room.f_bavail * room.f_bsize;
        return free - (size ?? 0) >= settings.MinFree
            ? null
            : new Refusal(Reason.NoSpace,
                $"{(size is { } bytes ? $"The upload of {name} has {bytes} bytes" : $"No more of the upload of {name} is taken")}: {free} bytes are free on the target's file system, of which MinFree keeps {settings.MinFree}.",
                "Free space on the target's file system, then upload again.");
    }

    public static Refusal TooLarge(string name, long bytes, RouteSettings settings) => UploadRefusals.Unsupported(
        $"The upload of {name} has {bytes} bytes or more; MaxUpload of route {settings.Name} is {settings.MaxUpload}.",
        "Upload less at a time, or have MaxUpload raised.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length > LongestRead)
            Refusal ??= UploadRefusals.Damaged($"The archive of {header.Name} has a header of {buffer.Length} bytes.");
        if (_hasEnded || Refusal is not null || buffer.Length == 0)
            return 0;
        int got;
        try
        {
            got = await inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e)
        {
            Failure = e;
            throw;
        }
        Take(buffer.Span[..got]);
        return Refusal is null ? got : 0;
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        _hasEnded = bytes.IsEmpty;
        Received += bytes.Length;
        int kept = Math.Min(bytes.Length, Block);
        _tail.AsSpan(kept).CopyTo(_tail);
        bytes[^kept..].CopyTo(_tail.AsSpan(Block - kept));
        if (Received > settings.MaxUpload)
            Refusal = TooLarge(header.Name, Received, settings);
        else if (Received > header.Size)
            Refusal = UploadRefusals.Unsupported($"The upload of {header.Name} was said to have {header.Size} bytes, and has more.", "Send the size that it has, or none.");
        else if (_hasEnded && Received < header.Size)
            Refusal = UploadRefusals.CutShort($"The upload of {header.Name} was said to have {header.Size} bytes, and was cut short after {Received}.");
        if (Received < _nextLook)
            return;
        _nextLook = Received + LookEvery;
        Refusal ??= CheckRoom(vault, settings, null, header.Name);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
