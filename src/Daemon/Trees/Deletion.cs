using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>One deletion under way.</summary>
internal sealed class Deletion(Action<int>? pause, int since = 0)
{
    /// <summary>How often folders are gone into again because something had come into them; an end against those who go on filling.</summary>
    private const int MaxRepeats = 1_000;

    private const uint OwnerAll = 0x1C0;

    /// <summary>Of each open folder: what had been done and had failed when it was entered.</summary>
    private readonly Stack<(long Entries, long Failures)> _entered = new();
    private long _failures;
    private int _repeats;
    private int _sincePause = since;

    public long Entries { get; private set; }

    public long Bytes { get; private set; }

    public Errno Error { get; private set; }

    public string? Path { get; private set; }

    public void Run(Fd folder, Name name)
    {
        Errno error = Stat.StatAt(folder, name, out FileStatus status);
        if (error == Errno.None && status.IsMountRoot)
            error = Errno.EBUSY;
        if (error == Errno.None && status.IsFolder)
            error = RunFolder(folder, name);
        else if (error == Errno.None)
            error = Unlink(folder, name, status);
        if (error is not (Errno.None or Errno.ENOENT))
            Fail(error, name.ToString());
    }

    private Errno RunFolder(Fd above, Name name)
    {
        Errno error = OpenFolder(above, name, out Fd opened, out FileStatus status);
        using Fd root = opened;
        if (error != Errno.None)
            return error == Errno.EXDEV ? Errno.EBUSY : error;
        if (Stat.FStat(above, out FileStatus aboveStatus) is not Errno.None and var look)
            return look;
        if (TreeWalk.IsForeign(status, aboveStatus))
            return Errno.EXDEV;
        for (int round = 0; ; round++)
        {
            long entries = Entries;
            Empty(root, status, name);
            if (_failures > 0)
                return Errno.None;
            error = Count(Unistd.UnlinkAt(above, name, Fcntl.AT_REMOVEDIR));
            if (error != Errno.ENOTEMPTY && error != Errno.EEXIST || entries == Entries || round > MaxRepeats)
                return error;
        }
    }

    private void Empty(Fd root, in FileStatus status, Name name)
    {
        using var walk = new TreeWalk(root, status, name.ToString(), look: true, bounded: false);
        while (walk.Next())
        {
            switch (walk.Step)
            {
                case Step.Folder:
                    _entered.Push((Entries, _failures));
                    break;
                case Step.Entry:
                    Settle(walk, walk.Name, Unlink(walk.Folder, walk.Name, walk.Status));
                    break;
                case Step.Left:
                    RemoveFolder(walk);
                    break;
                case Step.Trouble when walk.Error == Errno.EACCES && walk.Name.Length > 0 && Widen(walk.Folder, walk.Name):
                    walk.Again(walk.Name);
                    break;
                case Step.Trouble when walk.Error is Errno.ENOTDIR or Errno.ELOOP && walk.Name.Length > 0:
                    // It was a folder a moment ago.
                    Settle(walk, walk.Name, UnlinkIn(walk.Folder, walk.Name, 0));
                    break;
                case Step.Trouble:
                    Settle(walk, walk.Name, walk.Error == Errno.EXDEV ? Errno.EBUSY : walk.Error);
                    break;
            }
        }
        _entered.Clear();
    }

    private void Settle(TreeWalk walk, Name name, Errno error)
    {
        switch (error)
        {
            case Errno.None or Errno.ENOENT:
                break;
            // It has become a folder.
            case Errno.EISDIR when name.Length > 0 && _repeats++ < MaxRepeats:
                walk.Again(name);
                break;
            default:
                Fail(error, walk.Path);
                break;
        }
    }

    private void RemoveFolder(TreeWalk walk)
    {
        (long entries, long failures) = _entered.Pop();
        if (_failures > failures)
            return;
        Errno error = UnlinkIn(walk.Folder, walk.Name, Fcntl.AT_REMOVEDIR);
        if (error is Errno.ENOTEMPTY or Errno.EEXIST && Entries > entries && _repeats++ < MaxRepeats)
            walk.Again(walk.Name);
        else if (error is not (Errno.None or Errno.ENOENT))
            Fail(error, walk.FolderPath.Of(walk.Name));
    }

    private Errno Unlink(Fd folder, Name name, in FileStatus status)
    {
        Errno error = status.IsMountRoot ? Errno.EBUSY : UnlinkIn(folder, name, 0);
        if (error == Errno.None && status.IsFile && status.Links == 1)
            Bytes += status.Blocks * 512;
        return error;
    }

    /// <summary>Unlinks; a folder that its owner may not write gets that right first.</summary>
    private Errno UnlinkIn(Fd folder, Name name, int flags)
    {
        Errno error = Unistd.UnlinkAt(folder, name, flags);
        if (error == Errno.EACCES && _entered.Count > 0 && Stat.FStat(folder, out FileStatus status) == Errno.None &&
            (status.Permissions & OwnerAll) != OwnerAll && Stat.FChmod(folder, status.Permissions | OwnerAll) == Errno.None)
            error = Unistd.UnlinkAt(folder, name, flags);
        return Count(error);
    }

    private Errno Count(Errno error)
    {
        if (error != Errno.None)
            return error;
        Entries++;
        if (++_sincePause == TreeDelete.UnlinksPerPiece)
        {
            _sincePause = 0;
            pause?.Invoke(TreeDelete.UnlinksPerPiece);
        }
        return error;
    }

    private static Errno OpenFolder(Fd above, Name name, out Fd opened, out FileStatus status)
    {
        status = default;
        Errno error = Fcntl.OpenBeneath(above, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out opened);
        if (error == Errno.EACCES && Widen(above, name))
            error = Fcntl.OpenBeneath(above, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out opened);
        return error == Errno.None ? Stat.FStat(opened, out status) : error;
    }

    /// <summary>Gives the owner of a folder all rights on it, by descriptor: the name may become a link at any time.</summary>
    private static bool Widen(Fd above, Name name)
    {
        Errno error = Fcntl.OpenFolderPath(above, name, out Fd path);
        using Fd _ = path;
        return error == Errno.None && Stat.FStat(path, out FileStatus status) == Errno.None && status.IsFolder && !status.IsMountRoot &&
            (status.Permissions & OwnerAll) != OwnerAll && Stat.ChmodPath(path, status.Permissions | OwnerAll) == Errno.None;
    }

    private void Fail(Errno error, string path)
    {
        _failures++;
        if (Error != Errno.None)
            return;
        Error = error;
        Path = path;
    }
}
