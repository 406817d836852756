using System.Buffers;
using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

internal enum Step
{
    /// <summary>A folder was opened and comes to be listed; the first is the root.</summary>
    Folder,

    /// <summary>Anything but a folder.</summary>
    Entry,

    /// <summary>All of a folder has been seen; it is still open.</summary>
    FolderEnd,

    /// <summary>Back in the folder above.</summary>
    Left,

    /// <summary>An entry, or what is left of a folder, is passed over. The walk may go on.</summary>
    Trouble,
}

/// <summary>
/// Goes through a tree by descriptor: depth first, without recursion, over no link, mount or device. Memory is bounded by
/// one buffer and the folder names of one buffer per level.
/// </summary>
internal sealed class TreeWalk : IDisposable
{
    public const int MaxDepth = 1_000;
    public const long MaxEntries = 10_000_000;

    private const int BufferSize = 32 * 1024;

    private sealed class Level(TreePath path)
    {
        public TreePath Path { get; } = path;

        /// <summary>Folders of the buffer that was read last, to be gone into before the next is read.</summary>
        public List<Name>? Waiting { get; set; }

        public int NextWaiting { get; set; }

        public long Position { get; set; }

        public bool WasRead { get; set; }

        public bool HasEnded { get; set; }
    }

    private readonly FolderChain _chain;
    private readonly List<Level> _levels = [];
    private readonly FileStatus _root;
    private readonly bool _look;
    private readonly bool _bounded;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _at;
    private int _length;
    private bool _hasBegun;
    private bool _isOver;

    /// <param name="root">Remains the caller's; its position is used.</param>
    /// <param name="look">False: <see cref="Status"/> of an entry stays empty until <see cref="Look"/>.</param>
    /// <param name="bounded">Ends beyond <see cref="MaxDepth"/> and <see cref="MaxEntries"/>.</param>
    public TreeWalk(Fd root, in FileStatus rootStatus, string shownPath, bool look, bool bounded = true)
    {
        _chain = new FolderChain(root, rootStatus);
        _levels.Add(new Level(TreePath.Root(shownPath)));
        _root = rootStatus;
        _look = look;
        _bounded = bounded;
    }

    public Step Step { get; private set; }

    /// <summary>The folder itself, or the one in which the entry stands.</summary>
    public Fd Folder => _chain.Deepest;

    public TreePath FolderPath => _levels[^1].Path;

    /// <summary>Of the folder or the entry; empty for the root, and where the listing of <see cref="Folder"/> is in trouble.</summary>
    public Name Name { get; private set; } = Name.Empty;

    public byte Type { get; private set; }

    /// <summary>As the folder was when it was opened; as the entry was when it was looked at.</summary>
    public FileStatus Status { get; private set; }

    public Errno Error { get; private set; }

    /// <summary>The bound that was passed, in words.</summary>
    public string? PassedBound { get; private set; }

    /// <summary>Everything met so far, the root included.</summary>
    public long Entries { get; private set; } = 1;

    /// <summary>Folders below the root.</summary>
    public int Depth => _chain.Depth;

    public string Path => Step is Step.Folder or Step.FolderEnd || Name.Length == 0 ? FolderPath.ToString() : FolderPath.Of(Name);

    /// <summary>Goes to the next step; false at the end.</summary>
    public bool Next()
    {
        if (_isOver)
            return false;
        if (!_hasBegun)
            return Begin();
        while (true)
        {
            Level level = _levels[^1];
            if (_at < _length)
            {
                if (NextEntry(level))
                    return true;
            }
            else if (level.Waiting is { } waiting && level.NextWaiting < waiting.Count)
            {
                return Enter(level, waiting[level.NextWaiting++]);
            }
            else if (!level.WasRead)
            {
                if (!ReadMore(level))
                    return true;
            }
            else if (!level.HasEnded)
            {
                level.HasEnded = true;
                Status = _chain.Status;
                return Tell(Step.FolderEnd, level.Path.Name);
            }
            else
            {
                return _levels.Count > 1 && Leave(level);
            }
        }
    }

    /// <summary>Looks at the entry, without following it if it is a link.</summary>
    public Errno Look()
    {
        Errno error = Stat.StatAt(Folder, Name, out FileStatus status);
        Status = status;
        return error;
    }

    /// <summary>After Left or Trouble: goes into this folder once more.</summary>
    public void Again(Name name) => (_levels[^1].Waiting ??= []).Add(name);

    /// <summary>Something that stands here belongs to another mount.</summary>
    public static bool IsForeign(in FileStatus status, in FileStatus root) =>
        // The device says nothing of a file: overlay shows those of its layers.
        status.IsMountRoot || status.MountId != root.MountId || (status.IsFolder && status.Device != root.Device);

    /// <summary>What Trouble means to a request.</summary>
    public Refusal Refuse() => PassedBound is { } bound
        ? TreeRefusals.Unsupported($"{Path} goes beyond {bound}", "Publish less at a time, or an archive of it.")
        : TreeRefusals.From(Error, "read", Path);

    private bool Begin()
    {
        _hasBegun = true;
        Status = _root;
        if (Unistd.Lseek(Folder, 0, Unistd.SEEK_SET, out _) is not Errno.None and var error)
        {
            _isOver = true;
            return Fail(error, Name.Empty);
        }
        return Tell(Step.Folder, Name.Empty);
    }

    private bool ReadMore(Level level)
    {
        level.Waiting?.Clear();
        level.NextWaiting = 0;
        _at = 0;
        Errno error = Dirent.Read(Folder, _buffer, out _length);
        level.WasRead = _length == 0;
        return error == Errno.None || !Fail(error, Name.Empty);
    }

    /// <summary>False: it is a folder, whose turn comes later.</summary>
    private bool NextEntry(Level level)
    {
        ReadOnlySpan<byte> bytes = Dirent.Next(_buffer, ref _at, out byte type, out long position);
        level.Position = position;
        if (Dirent.IsDots(bytes))
            return false;
        Entries++;
        Name = Name.Of(bytes);
        Type = type;
        Status = default;
        if (_bounded && Entries > MaxEntries)
            return PassBound("10,000,000 entries");
        if (type != Dirent.DT_DIR && (_look || type == Dirent.DT_UNKNOWN))
        {
            if (Look() is not Errno.None and var error)
                return Fail(error, Name);
            // S_IFMT >> 12 is what the listing calls the type.
            Type = (byte)(Status.Type >> 12);
        }
        if (Type != Dirent.DT_DIR)
            return Tell(Step.Entry, Name);
        Again(Name);
        return false;
    }

    private bool Enter(Level level, Name name)
    {
        if (_bounded && Depth >= MaxDepth)
        {
            Name = name;
            return PassBound("1,000 levels");
        }
        Errno error = Fcntl.OpenBeneath(Folder, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd opened);
        if (error != Errno.None)
            return Fail(error, name);
        error = Stat.FStat(opened, out FileStatus status);
        if (error == Errno.None && IsForeign(status, _root))
            error = Errno.EXDEV;
        if (error != Errno.None)
        {
            opened.Dispose();
            return Fail(error, name);
        }
        _chain.Push(opened, status);
        _levels.Add(new Level(level.Path.Down(name)));
        Status = status;
        return Tell(Step.Folder, name);
    }

    private bool Leave(Level level)
    {
        Errno error = _chain.Pop(out bool reopened);
        if (error != Errno.None)
        {
            _isOver = true;
            return Fail(error, Name.Empty);
        }
        _levels.RemoveAt(_levels.Count - 1);
        if (reopened)
            error = Unistd.Lseek(Folder, _levels[^1].Position, Unistd.SEEK_SET, out _);
        if (error != Errno.None)
        {
            _isOver = true;
            return Fail(error, Name.Empty);
        }
        Status = default;
        return Tell(Step.Left, level.Path.Name);
    }

    private bool Tell(Step step, Name name)
    {
        Step = step;
        Name = name;
        return true;
    }

    private bool Fail(Errno error, Name name)
    {
        Error = error;
        return Tell(Step.Trouble, name);
    }

    private bool PassBound(string bound)
    {
        PassedBound = bound;
        _isOver = true;
        return Fail(Errno.EOVERFLOW, Name);
    }

    public void Dispose()
    {
        _chain.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }
}
