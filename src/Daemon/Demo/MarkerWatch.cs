using System.Buffers.Binary;
using System.Diagnostics;
using AtomikD.Linux;

namespace AtomikD.Demo;

/// <summary>Tells a producer when its marker has gone, and when its item went live. Looking alone would do, and be late.</summary>
internal sealed class MarkerWatch : IDisposable
{
    private const int LookAgainMilliseconds = 20;
    private const int HeaderLength = 16;

    private readonly Fd _inotify;
    private readonly Name _marker;
    private readonly byte[] _markerName;
    private readonly byte[] _item;
    private readonly int _staging;
    private readonly int _target;
    private readonly byte[] _events = new byte[4096];

    public MarkerWatch(string staging, string target, string item)
    {
        _marker = Name.Of($"{staging}/{item}.ready");
        _markerName = Name.Of($"{item}.ready").Bytes.ToArray();
        _item = Name.Of(item).Bytes.ToArray();
        Check(Inotify.Init(out _inotify), "inotify");
        Check(Inotify.AddWatch(_inotify, Name.Of(staging), Inotify.IN_MOVED_FROM | Inotify.IN_ONLYDIR, out _staging), staging);
        Check(Inotify.AddWatch(_inotify, Name.Of(target), Inotify.IN_MOVED_TO | Inotify.IN_ONLYDIR, out _target), target);
    }

    /// <summary>False where the marker is still there after <paramref name="limit"/>.</summary>
    /// <param name="limit">How long to wait.</param>
    /// <param name="gone">When the marker was found to have gone, by Stopwatch.</param>
    /// <param name="live">When the item went live; 0 where that was not seen.</param>
    public bool Wait(TimeSpan limit, out long gone, out long live)
    {
        long begun = Stopwatch.GetTimestamp();
        live = 0;
        while (true)
        {
            Poll.Wait(_inotify, _inotify, LookAgainMilliseconds, out _, out _);
            gone = Stopwatch.GetTimestamp();
            Take(gone, ref live, out bool mayHaveGone);
            if ((mayHaveGone || Stopwatch.GetElapsedTime(begun).TotalMilliseconds > LookAgainMilliseconds)
                && Stat.StatAt(Fd.Cwd, _marker, out _) == Errno.ENOENT)
                return true;
            if (Stopwatch.GetElapsedTime(begun) > limit)
                return false;
        }
    }

    private void Take(long now, ref long live, out bool mayHaveGone)
    {
        mayHaveGone = false;
        while (Unistd.Read(_inotify, _events, out int length) == Errno.None && length > 0)
        {
            for (int at = 0; at < length;)
            {
                int watch = BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan(at));
                int nameLength = BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan(at + 12));
                ReadOnlySpan<byte> name = _events.AsSpan(at + HeaderLength, nameLength).TrimEnd((byte)0);
                if (watch == _staging && name.SequenceEqual(_markerName))
                    mayHaveGone = true;
                if (watch == _target && live == 0 && name.SequenceEqual(_item))
                    live = now;
                at += HeaderLength + nameLength;
            }
        }
    }

    private static void Check(Errno error, string what)
    {
        if (error != Errno.None)
            throw new IOException($"{what}: {error.Describe()}");
    }

    public void Dispose() => _inotify.Dispose();
}
