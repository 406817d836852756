using System.Buffers;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Copies the contents of a file with its holes, in the cheapest way that the file systems offer.</summary>
internal sealed class ContentCopy(Action<long>? progress, CancellationToken stop)
{
    /// <summary>Small enough to report and to be stopped between.</summary>
    private const long StepSize = 16L << 20;

    private bool _cannotClone;
    private bool _cannotCopyRange;

    /// <summary>ESTALE: the source has become shorter meanwhile.</summary>
    public Errno Copy(Fd source, Fd target, long size)
    {
        stop.ThrowIfCancellationRequested();
        if (size == 0)
            return Errno.None;
        if (!_cannotClone)
        {
            Errno error = LinuxFs.Ficlone(target, source);
            if (error == Errno.None)
            {
                progress?.Invoke(size);
                return error;
            }
            if (!IsUnsupported(error))
                return error;
            _cannotClone = true;
        }
        return Unistd.Ftruncate(target, size) is not Errno.None and var truncate ? truncate : CopyData(source, target, size);
    }

    private Errno CopyData(Fd source, Fd target, long size)
    {
        for (long at = 0; at < size;)
        {
            Errno error = Unistd.Lseek(source, at, Unistd.SEEK_DATA, out long data);
            if (error == Errno.ENXIO)
                return Errno.None;
            long hole = size;
            if (error == Errno.EINVAL)
                data = at;
            else if (error == Errno.None)
                error = Unistd.Lseek(source, data, Unistd.SEEK_HOLE, out hole);
            if (error is not (Errno.None or Errno.EINVAL))
                return error;
            hole = Math.Min(hole, size);
            if (data >= size)
                return Errno.None;
            error = CopyRange(source, target, data, hole);
            if (error != Errno.None)
                return error;
            at = hole;
        }
        return Errno.None;
    }

    private Errno CopyRange(Fd source, Fd target, long from, long to)
    {
        Errno error = Unistd.Lseek(source, from, Unistd.SEEK_SET, out _);
        if (error == Errno.None)
            error = Unistd.Lseek(target, from, Unistd.SEEK_SET, out _);
        while (error == Errno.None && from < to)
        {
            stop.ThrowIfCancellationRequested();
            error = CopyStep(source, target, Math.Min(to - from, StepSize), out long copied);
            if (error == Errno.None && copied == 0)
                return Errno.ESTALE;
            from += copied;
            progress?.Invoke(copied);
        }
        return error;
    }

    private Errno CopyStep(Fd source, Fd target, long length, out long copied)
    {
        copied = 0;
        if (!_cannotCopyRange)
        {
            Errno error = Unistd.CopyFileRange(source, target, length, out copied);
            if (!IsUnsupported(error))
                return error;
            _cannotCopyRange = true;
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            Errno error = Unistd.Read(source, buffer.AsSpan(0, (int)Math.Min(length, buffer.Length)), out int got);
            if (error == Errno.None)
                error = Unistd.WriteAll(target, buffer.AsSpan(0, got));
            copied = got;
            return error;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsUnsupported(Errno error) =>
        error is Errno.EXDEV or Errno.EINVAL or Errno.EOPNOTSUPP or Errno.ENOSYS or Errno.ENOTTY or Errno.EPERM or Errno.ETXTBSY;
}
