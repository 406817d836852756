using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Copies what stands in a folder, the copy's folders going along with the walk through the source's.</summary>
internal sealed class FolderCopy(Fd source, FileStatus sourceStatus, Fd target, string shownPath, ContentCopy contents)
{
    private readonly LinkCount _links = new();

    /// <summary>Where the first copy of a file stands that has more names.</summary>
    private readonly Dictionary<(ulong Device, ulong Inode), (TreePath Folder, Name Name)> _copied = [];

    /// <summary>Makes the copy of a folder, the daemon's own until it is full.</summary>
    public static Refusal? Make(Fd above, Name name, string shownPath, out Fd made)
    {
        made = new Fd();
        Errno error = Stat.MkdirAt(above, name, 0x1C0);
        if (error == Errno.None)
            error = Fcntl.OpenBeneath(above, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out made);
        if (error != Errno.None)
            return Attributes.NotKept(error, "the name", shownPath);
        Attributes.RemoveInherited(made, isFolder: true);
        return null;
    }

    public Refusal? Run(CancellationToken stop)
    {
        if (Stat.FStat(target, out FileStatus targetStatus) is not Errno.None and var look)
            return TreeRefusals.From(look, "look at the copy of", shownPath);
        using var walk = new TreeWalk(source, sourceStatus, shownPath, look: true);
        using var copy = new FolderChain(target, targetStatus);
        while (walk.Next())
        {
            stop.ThrowIfCancellationRequested();
            Refusal? refusal = walk.Step switch
            {
                Step.Folder when walk.Depth > 0 => Enter(walk, copy),
                Step.Entry => CopyEntry(walk, copy.Deepest),
                Step.FolderEnd => End(walk, copy),
                Step.Left => copy.Pop(out _) is not Errno.None and var error ? TreeRefusals.From(error, "go on with the copy of", walk.Path) : null,
                Step.Trouble => walk.Refuse(),
                _ => null,
            };
            if (refusal is not null)
                return refusal;
        }
        return null;
    }

    private static Refusal? Enter(TreeWalk walk, FolderChain copy)
    {
        if (Make(copy.Deepest, walk.Name, walk.Path, out Fd made) is { } refusal)
            return refusal;
        if (Stat.FStat(made, out FileStatus status) is not Errno.None and var error)
        {
            made.Dispose();
            return TreeRefusals.From(error, "look at the copy of", walk.Path);
        }
        copy.Push(made, status);
        return null;
    }

    private static Refusal? End(TreeWalk walk, FolderChain copy)
    {
        if (copy.OpenAbove(out _) is not Errno.None and var error)
            return TreeRefusals.From(error, "go on with the copy of", walk.Path);
        return Attributes.Take(walk.Folder, walk.Status, copy.Deepest, walk.Path)
            ?? FileCopy.AskUnchanged(walk.Folder, walk.Status, walk.Path);
    }

    private Refusal? CopyEntry(TreeWalk walk, Fd into)
    {
        FileStatus status = walk.Status;
        if (TreeWalk.IsForeign(status, sourceStatus))
            return TreeRefusals.MountPoint(walk.Path);
        if (!TreeRefusals.IsPublishable(status))
            return TreeRefusals.Kind(status, walk.Path);
        (ulong, ulong) key = (status.Device, status.Inode);
        if (status.Links > 1 && _copied.TryGetValue(key, out (TreePath Folder, Name Name) first))
        {
            if (_links.Saw(status))
                _copied.Remove(key);
            return Link(first.Folder, first.Name, into, walk);
        }
        if (status.Links > 1 && !_links.Saw(status))
            _copied[key] = (walk.FolderPath, walk.Name);
        if (status.IsSymlink)
            return FileCopy.CopyLink(walk.Folder, walk.Name, into, status, walk.Path);
        return FileCopy.Copy(walk.Folder, walk.Name, into, walk.Name, walk.Path, contents, out FileStatus opened)
            ?? (opened.IsSameFile(status) ? null : TreeRefusals.Changed(walk.Path));
    }

    /// <summary>Finds the folder of the first copy name by name: a path may be longer than the kernel takes.</summary>
    private Refusal? Link(TreePath folder, Name name, Fd into, TreeWalk walk)
    {
        Fd at = target;
        try
        {
            Errno error = Errno.None;
            foreach (Name part in folder.Names())
            {
                error = Fcntl.OpenBeneath(at, part, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd next);
                if (at != target)
                    at.Dispose();
                at = next;
                if (error != Errno.None)
                    break;
            }
            if (error == Errno.None)
                error = Unistd.LinkAt(at, name, into, walk.Name);
            return error == Errno.None ? null : Attributes.NotKept(error, "the hard link", walk.Path);
        }
        finally
        {
            if (at != target)
                at.Dispose();
        }
    }
}
