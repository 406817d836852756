using System.Globalization;
using AtomikD.Linux;

namespace AtomikD.Journal;

/// <summary>The folder of the journal, held by one daemon at a time.</summary>
internal sealed class StateFolder : IDisposable
{
    public const string JournalName = "journal.db";

    private const uint OwnersFile = 0x180;   // 0600
    private const uint OwnersFolder = 0x1C0; // 0700

    private const string LockName = "lock";

    private static readonly Name s_copy = Name.Of("copy");

    private readonly Fd _folder;
    private readonly Fd _lock;

    private StateFolder(string path, Fd folder, Fd held)
    {
        Path = path;
        _folder = folder;
        _lock = held;
    }

    public string Path { get; }

    public string JournalPath => System.IO.Path.Combine(Path, JournalName);

    /// <summary>Makes the folder where it is missing, and takes it. Throws JournalException.</summary>
    public static StateFolder Take(string path)
    {
        Make(path);
        if (Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd folder) is not Errno.None and var error)
            throw new JournalException($"The state folder {path} cannot be opened: {error.Describe()}.");
        string lockPath = LockPath(path);
        if (Fcntl.Open(Name.Of(lockPath), Fcntl.O_RDWR | Fcntl.O_CREAT, OwnersFile, out Fd held) is not Errno.None and var noLock)
        {
            folder.Dispose();
            throw new JournalException($"{lockPath} cannot be opened: {noLock.Describe()}.");
        }
        if (SysFile.Flock(held, SysFile.LOCK_EX | SysFile.LOCK_NB) is not Errno.None and var taken)
        {
            string message = taken == Errno.EAGAIN
                ? $"The state folder {path} is in use by another daemon{ReadHolder(held)}. Each needs a StateDirectory of its own."
                : $"{lockPath} cannot be locked: {taken.Describe()}.";
            folder.Dispose();
            held.Dispose();
            throw new JournalException(message);
        }
        // Only for the message above; the lock is what counts.
        _ = Unistd.Ftruncate(held, 0);
        _ = Unistd.WriteAll(held, System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        var ours = new StateFolder(path, folder, held);
        ours.RemoveCopy(); // A backup was being made when the last daemon was killed.
        return ours;
    }

    /// <summary>The process that holds the folder, or held it last.</summary>
    public static string LockPath(string stateDirectory) => System.IO.Path.Combine(stateDirectory, LockName);

    /// <summary>What was made or renamed here stays so.</summary>
    public void Sync()
    {
        if (Unistd.Fsync(_folder) is not Errno.None and var error)
            throw new JournalException($"The state folder {Path} cannot be synced: {error.Describe()}.");
    }

    /// <summary>Made before SQLite does, which would let others read it.</summary>
    public void MakeJournalFile()
    {
        if (Fcntl.Open(Name.Of(JournalPath), Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_EXCL, OwnersFile, out Fd made) is not Errno.None and var error)
            throw new JournalException($"The journal {JournalPath} cannot be made: {error.Describe()}.");
        made.Dispose();
    }

    public string CopyPath => System.IO.Path.Combine(Path, s_copy.ToString());

    /// <summary>An empty file for a copy of the journal.</summary>
    public Fd MakeCopyFile()
    {
        if (Fcntl.Open(Name.Of(CopyPath), Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_EXCL, OwnersFile, out Fd made) is not Errno.None and var error)
            throw new JournalException($"{CopyPath} cannot be made: {error.Describe()}.");
        return made;
    }

    /// <summary>Takes its name away, where it has one.</summary>
    public void RemoveCopy() => _ = Unistd.UnlinkAt(_folder, s_copy);

    /// <summary>Bytes; 0 where that cannot be told.</summary>
    public long FreeSpace() =>
        SysStatfs.FStatfs(_folder, out SysStatfs.statfs status) == Errno.None ? (long)status.f_bavail * status.f_bsize : 0;

    /// <summary>Renames the journal and its log to a free name, for whoever wants to look; tells that name.</summary>
    public string SetJournalAside()
    {
        string aside = Enumerable.Range(1, int.MaxValue)
            .Select(n => $"{JournalPath}.damaged-{n.ToString(CultureInfo.InvariantCulture)}")
            .First(path => !File.Exists(path) && !File.Exists(path + "-wal"));
        try
        {
            // The file itself last: until it is gone, the next start finds it damaged and goes on.
            foreach (string part in (string[])["-wal", "-shm", ""])
            {
                if (File.Exists(JournalPath + part))
                    File.Move(JournalPath + part, aside + part);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException($"The journal {JournalPath} is damaged, and cannot be set aside: {e.Message}", inner: e);
        }
        return aside;
    }

    public void Dispose()
    {
        // Closing alone would leave it locked while a child that was just forked has not yet come to its exec.
        _ = SysFile.Flock(_lock, SysFile.LOCK_UN);
        _lock.Dispose();
        _folder.Dispose();
    }

    private static void Make(string path)
    {
        if (Directory.Exists(path))
            return;
        try
        {
            if (System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } parent)
                Directory.CreateDirectory(parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException($"The state folder {path} cannot be made: {e.Message}", inner: e);
        }
        if (Stat.MkdirAt(Fd.Cwd, Name.Of(path), OwnersFolder) is not (Errno.None or Errno.EEXIST) and var error)
            throw new JournalException($"The state folder {path} cannot be made: {error.Describe()}.");
    }

    private static string ReadHolder(Fd held)
    {
        Span<byte> text = stackalloc byte[16];
        return Unistd.Read(held, text, out int length) == Errno.None && length > 1
            ? $" (process {System.Text.Encoding.ASCII.GetString(text[..length]).Trim()})"
            : "";
    }
}
