using AtomikD.Linux;

namespace AtomikD.Commands;

/// <summary>Where a backup goes: FILE.new, and once it is whole and on the disk, FILE. Nothing is left of one that does not come to that.</summary>
internal sealed class BackupFile : IDisposable
{
    private const uint OwnersFile = 0x180; // 0600: names, labels and users are in it.

    private readonly string _path;
    private readonly string _beside;
    private readonly Fd _file;
    private bool _isKept;

    private BackupFile(string path, string beside, Fd file)
    {
        _path = path;
        _beside = beside;
        _file = file;
    }

    /// <summary>What is there already must be a file, or nothing: a link or a device would be replaced, too.</summary>
    /// <exception cref="CommandFailure">It cannot be written there.</exception>
    public static void Check(string path)
    {
        Errno error = Stat.StatAt(Fd.Cwd, Name.Of(path), out FileStatus status);
        if (error is Errno.None ? status.IsFile : error == Errno.ENOENT && Directory.Exists(FolderOf(path)))
            return;
        throw error switch
        {
            Errno.None => new CommandFailure(ExitCode.Usage, $"{path} is there and is not a file. Name a file, or - for the standard output."),
            Errno.ENOENT => new CommandFailure(ExitCode.InputOutput, $"There is no folder {FolderOf(path)}."),
            _ => Failed(path, error),
        };
    }

    /// <exception cref="CommandFailure">It cannot be made.</exception>
    public static BackupFile Make(string path)
    {
        string beside = path + ".new";
        RemoveLeftOver(beside);
        if (Fcntl.Open(Name.Of(beside), Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL, OwnersFile, out Fd file) is not Errno.None and var error)
            throw Failed(beside, error);
        _ = SysFile.Flock(file, SysFile.LOCK_EX | SysFile.LOCK_NB);
        return new BackupFile(path, beside, file);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (Unistd.WriteAll(_file, bytes) is not Errno.None and var error)
            throw Failed(_beside, error);
    }

    /// <summary>It is whole.</summary>
    public void Keep()
    {
        if (Unistd.Fsync(_file) is not Errno.None and var unsynced)
            throw Failed(_beside, unsynced);
        if (Stdio.RenameAt2(Fd.Cwd, Name.Of(_beside), Fd.Cwd, Name.Of(_path), 0) is not Errno.None and var unnamed)
            throw Failed(_path, unnamed);
        _isKept = true;
        Errno error = Fcntl.Open(Name.Of(FolderOf(_path)), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd folder);
        using (folder)
        {
            if (error != Errno.None || (error = Unistd.Fsync(folder)) != Errno.None)
                throw Failed(FolderOf(_path), error);
        }
    }

    public void Dispose()
    {
        if (!_isKept)
            _ = Unistd.UnlinkAt(Fd.Cwd, Name.Of(_beside));
        _file.Dispose();
    }

    /// <summary>Of a backup that was killed; one that is still being written is locked.</summary>
    private static void RemoveLeftOver(string beside)
    {
        if (Fcntl.Open(Name.Of(beside), Fcntl.O_RDONLY | Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK, 0, out Fd old) != Errno.None)
            return;
        using (old)
        {
            if (SysFile.Flock(old, SysFile.LOCK_EX | SysFile.LOCK_NB) == Errno.EAGAIN)
                throw new CommandFailure(ExitCode.InputOutput, $"{beside} is being written by another backup.");
            _ = Unistd.UnlinkAt(Fd.Cwd, Name.Of(beside));
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";

    private static CommandFailure Failed(string path, Errno error) =>
        new(error is Errno.EACCES or Errno.EPERM ? ExitCode.NotPermitted : ExitCode.InputOutput, $"{path} cannot be written: {error.Describe()}.");
}
