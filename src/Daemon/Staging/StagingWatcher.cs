using System.Buffers.Binary;
using AtomikD.Linux;
using Microsoft.Extensions.Logging;

namespace AtomikD.Staging;

/// <summary>
/// Hears of markers in all staging folders by one inotify descriptor and one thread, which only enqueues. After an overflow
/// the descriptor goes on working, and everything is scanned.
/// </summary>
internal sealed class StagingWatcher : IDisposable
{
    private const uint Mask = Inotify.IN_CLOSE_WRITE | Inotify.IN_MOVED_TO | Inotify.IN_CREATE | Inotify.IN_DELETE_SELF
        | Inotify.IN_MOVE_SELF | Inotify.IN_ONLYDIR | Inotify.IN_EXCL_UNLINK;

    private const int HeaderLength = 16;

    /// <summary>A link, a FIFO or a folder raises nothing after its creation: it is looked at after this time, in milliseconds.</summary>
    private const int CreationDelay = 200;

    private readonly ILogger _logger;
    private readonly Fd _inotify;
    private readonly Fd _wake;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, IMarkerSink> _sinks = [];
    private readonly Dictionary<(int Watch, Name Item), long> _created = [];

    /// <summary>The folders above, each with what is watched in it: a folder that is open tells nothing of its own deletion.</summary>
    private readonly Dictionary<int, List<(Name Folder, int Watch)>> _above = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private long _overflows;
    private volatile bool _isStopping;

    public StagingWatcher(ILogger logger)
    {
        _logger = logger;
        Errno error = Inotify.Init(out _inotify);
        if (error == Errno.None)
            error = Poll.EventFd(out _wake);
        else
            _wake = new Fd();
        if (error != Errno.None)
            throw new IOException($"Cannot watch folders: {error.Describe()}; raise fs.inotify.max_user_instances.");
        _thread = new Thread(Loop) { Name = "watch", IsBackground = true };
        _thread.Start();
    }

    /// <summary>How often the kernel's event queue was full.</summary>
    public long Overflows => Interlocked.Read(ref _overflows);

    /// <summary>Watches a folder. The caller scans it afterwards, so that nothing falls between.</summary>
    public Errno Watch(string folder, IMarkerSink sink, out int watch)
    {
        lock (_lock)
        {
            Errno error = Inotify.AddWatch(_inotify, Name.Of(folder), Mask, out watch);
            if (error != Errno.None)
                return error;
            _sinks[watch] = sink;
            WatchAbove(Path.TrimEndingDirectorySeparator(folder), watch);
            return Errno.None;
        }
    }

    /// <summary>Where that cannot be had, the next scan finds the folder gone.</summary>
    private void WatchAbove(string folder, int watch)
    {
        if (Path.GetDirectoryName(folder) is not { } above
            || Inotify.AddWatch(_inotify, Name.Of(above), Inotify.IN_DELETE | Inotify.IN_ONLYDIR | Inotify.IN_MASK_ADD, out int aboveWatch) != Errno.None)
            return;
        if (!_above.TryGetValue(aboveWatch, out List<(Name, int)>? watched))
            _above.Add(aboveWatch, watched = []);
        watched.Add((Name.Of(Path.GetFileName(folder)), watch));
    }

    public void Unwatch(int watch)
    {
        lock (_lock)
        {
            if (_sinks.Remove(watch))
                Inotify.RemoveWatch(_inotify, watch);
            foreach ((int above, List<(Name Folder, int Watch)> watched) in _above)
            {
                if (watched.RemoveAll(folder => folder.Watch == watch) > 0 && watched.Count == 0)
                {
                    _above.Remove(above); // Which a dictionary allows while it is gone through.
                    Inotify.RemoveWatch(_inotify, above);
                }
            }
        }
    }

    private void Loop()
    {
        while (!_isStopping)
        {
            Poll.Wait(_inotify, _wake, _created.Count > 0 ? CreationDelay / 4 : -1, out bool hasEvents, out _);
            if (hasEvents)
                Read();
            if (_created.Count > 0)
                TellOfCreated();
        }
    }

    private void Read()
    {
        while (Unistd.Read(_inotify, _buffer, out int length) == Errno.None && length > 0)
        {
            for (int at = 0; at < length;)
            {
                int watch = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(at));
                uint mask = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(at + 4));
                int nameLength = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(at + 12));
                ReadOnlySpan<byte> name = _buffer.AsSpan(at + HeaderLength, nameLength);
                at += HeaderLength + nameLength;
                if (name.IndexOf((byte)0) is >= 0 and var end)
                    name = name[..end];
                Handle(watch, mask, name);
            }
        }
    }

    private void Handle(int watch, uint mask, ReadOnlySpan<byte> name)
    {
        if ((mask & Inotify.IN_Q_OVERFLOW) != 0)
        {
            Interlocked.Increment(ref _overflows);
            Log.WatchOverflow(_logger);
            foreach (IMarkerSink each in Sinks())
                each.ScanNeeded();
            return;
        }
        IMarkerSink? sink;
        lock (_lock)
        {
            _sinks.TryGetValue(watch, out sink);
            if ((mask & Inotify.IN_IGNORED) != 0)
            {
                _sinks.Remove(watch);
                _above.Remove(watch);
            }
            if ((mask & Inotify.IN_DELETE) != 0)
                sink = SinkOf(watch, name);
        }
        if (sink is null)
            return;
        if ((mask & (Inotify.IN_DELETE | Inotify.IN_DELETE_SELF | Inotify.IN_MOVE_SELF | Inotify.IN_UNMOUNT | Inotify.IN_IGNORED)) != 0)
        {
            sink.FolderLost();
            return;
        }
        if (!name.EndsWith(ItemNames.Ready))
            return;
        ReadOnlySpan<byte> item = name[..^ItemNames.Ready.Length];
        if ((mask & Inotify.IN_CREATE) != 0)
        {
            // A file's close follows; for what has none, the name is looked at a little later.
            _created[(watch, Name.Of(item))] = Environment.TickCount64 + CreationDelay;
            return;
        }
        if (_created.Count > 0)
            _created.Remove((watch, Name.Of(item)));
        sink.MarkerSeen(item, Discovery.Closed);
    }

    /// <summary>Whose folder was deleted in the one above.</summary>
    private IMarkerSink? SinkOf(int above, ReadOnlySpan<byte> name)
    {
        if (_above.TryGetValue(above, out List<(Name Folder, int Watch)>? watched))
        {
            foreach ((Name folder, int watch) in watched)
                if (name.SequenceEqual(folder.Bytes))
                    return _sinks.GetValueOrDefault(watch);
        }
        return null;
    }

    private void TellOfCreated()
    {
        long now = Environment.TickCount64;
        foreach (((int Watch, Name Item) key, long due) in _created.ToList())
        {
            if (due > now)
                continue;
            _created.Remove(key);
            IMarkerSink? sink;
            lock (_lock)
                _sinks.TryGetValue(key.Watch, out sink);
            sink?.MarkerSeen(key.Item.Bytes, Discovery.Found);
        }
    }

    private List<IMarkerSink> Sinks()
    {
        lock (_lock)
            return [.. _sinks.Values];
    }

    public void Dispose()
    {
        _isStopping = true;
        Poll.Signal(_wake);
        _thread.Join();
        _inotify.Dispose();
        _wake.Dispose();
    }
}
