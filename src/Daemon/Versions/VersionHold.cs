using AtomikD.Linux;

namespace AtomikD.Versions;

internal enum HoldLook
{
    /// <summary>No reader holds it, and none can any more.</summary>
    Free,

    /// <summary>A reader has a lock on its root.</summary>
    Held,

    /// <summary>The root cannot be opened or locked.</summary>
    Unknown,
}

/// <summary>
/// The collector's own exclusive lock on a version's root: refused while a reader has one, and kept until the tree is gone,
/// so that no reader takes a hold of half a version.
/// </summary>
internal sealed class VersionHold : IDisposable
{
    private readonly Fd? _root;

    private VersionHold(Fd? root) => _root = root;

    /// <param name="folder">Where it stands: the vault, or its trash.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="expected">What a look at the name has told.</param>
    /// <param name="hold">Not null where it is free.</param>
    public static HoldLook TryTake(Fd folder, Name name, in FileStatus expected, out VersionHold? hold)
    {
        hold = null;
        if (!expected.IsFolder && !expected.IsFile)
        {
            // A link has nothing to lock, and opening a device has effects.
            hold = new VersionHold(null);
            return HoldLook.Free;
        }
        Errno error = Fcntl.OpenBeneath(folder, name, Fcntl.O_RDONLY, out Fd root);
        FileStatus opened = default;
        if (error == Errno.None)
            error = Stat.FStat(root, out opened);
        if (error == Errno.None && !opened.IsSameFile(expected))
            error = Errno.ESTALE;
        if (error == Errno.None)
            error = SysFile.Flock(root, SysFile.LOCK_EX | SysFile.LOCK_NB);
        if (error == Errno.None)
        {
            hold = new VersionHold(root);
            return HoldLook.Free;
        }
        bool isHeld = error == Errno.EAGAIN && opened.Inode != 0;
        root.Dispose();
        return isHeld ? HoldLook.Held : HoldLook.Unknown;
    }

    public void Dispose()
    {
        if (_root is null or { IsClosed: true })
            return;
        // A child that this process is about to start may have the descriptor for a moment, and with it the lock.
        SysFile.Flock(_root, SysFile.LOCK_UN);
        _root.Dispose();
    }
}
