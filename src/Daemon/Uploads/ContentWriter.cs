using System.Buffers;
using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Uploads;

/// <summary>Writes what a stream brings into a file.</summary>
internal static class ContentWriter
{
    private const int BufferSize = 128 * 1024;

    /// <summary>
    /// A write waits where the disk is slower than the sender: beyond these, uploads wait without a thread of the pool, which
    /// serves all other calls.
    /// </summary>
    private static readonly SemaphoreSlim s_writers = new(4);

    /// <returns>What was written; less than the stream should have is for the caller to judge.</returns>
    public static async Task<(long Written, Refusal? Refusal)> CopyAsync(Stream from, Fd to, string shownPath, CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long written = 0;
            while (await from.ReadAsync(buffer, stop) is > 0 and var got)
            {
                await s_writers.WaitAsync(stop);
                Errno error;
                try
                {
                    error = Unistd.WriteAll(to, buffer.AsSpan(0, got));
                }
                finally
                {
                    s_writers.Release();
                }
                if (error != Errno.None)
                    return (written, UploadRefusals.From(error, $"write {shownPath}"));
                written += got;
            }
            return (written, null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
