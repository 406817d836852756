using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>
/// Gives an item its route's owner and modes. Folders come first, from the root down, each before it is listed: from then
/// on its producer adds nothing and replaces nothing. Only then are files counted, judged and changed.
/// </summary>
internal static class OwnerAndModes
{
    private static readonly Name s_accessAcl = Name.Of("system.posix_acl_access");
    private static readonly Name s_defaultAcl = Name.Of("system.posix_acl_default");

    public static Refusal? Apply(Fd root, FileStatus rootStatus, string shownPath, uint? owner, uint? group, uint? fileMode, uint? directoryMode)
    {
        if (owner is null && group is null && fileMode is null && directoryMode is null)
            return null;
        if (!rootStatus.IsFolder)
            return ChangeRootFile(root, shownPath, owner, group, fileMode);
        return ChangeFolders(root, rootStatus, shownPath, owner, group, directoryMode) ??
            ChangeFiles(root, rootStatus, shownPath, owner, group, fileMode);
    }

    /// <summary>Gives the root back its owner and mode, as far as that can be done.</summary>
    public static void RestoreRoot(Fd root, FileStatus before)
    {
        Unistd.FChown(root, before.Uid, before.Gid);
        Stat.FChmod(root, before.Permissions);
    }

    private static Refusal? ChangeRootFile(Fd root, string shownPath, uint? owner, uint? group, uint? mode)
    {
        if (Stat.FStat(root, out FileStatus status) is not Errno.None and var error)
            return TreeRefusals.From(error, "look at", shownPath);
        return status.Links > 1 ? TreeRefusals.OutsideLink(shownPath) : Told(Change(root, status, owner, group, mode), shownPath);
    }

    private static Refusal? ChangeFolders(Fd root, in FileStatus rootStatus, string shownPath, uint? owner, uint? group, uint? mode)
    {
        using var walk = new TreeWalk(root, rootStatus, shownPath, look: false);
        while (walk.Next())
        {
            if (walk.Step == Step.Trouble)
                return walk.Refuse();
            if (walk.Step == Step.Folder && Change(walk.Folder, walk.Status, owner, group, mode) is not Errno.None and var error)
                return Told(error, walk.Path);
        }
        return null;
    }

    private static Refusal? ChangeFiles(Fd root, in FileStatus rootStatus, string shownPath, uint? owner, uint? group, uint? mode)
    {
        if (owner is null && group is null && mode is null)
            return null;
        var links = new LinkCount();
        using var walk = new TreeWalk(root, rootStatus, shownPath, look: false);
        while (walk.Next())
        {
            Refusal? refusal = walk.Step switch
            {
                Step.Trouble => walk.Refuse(),
                Step.Entry when walk.Type == Dirent.DT_REG => ChangeFile(walk, rootStatus, links, owner, group, mode),
                Step.Entry => ChangeOther(walk, rootStatus, links, owner, group),
                _ => null,
            };
            if (refusal is not null)
                return refusal;
        }
        return links.FindOutside() is { } inode
            ? TreeRefusals.OutsideLink(LinkCount.FindPath(root, rootStatus, shownPath, inode))
            : null;
    }

    private static Refusal? ChangeFile(TreeWalk walk, in FileStatus root, LinkCount links, uint? owner, uint? group, uint? mode)
    {
        Errno error = Fcntl.OpenBeneath(walk.Folder, walk.Name, Fcntl.O_RDONLY, out Fd file);
        using Fd _ = file;
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(file, out status);
        if (error != Errno.None)
            return TreeRefusals.From(error, "open", walk.Path);
        if (!TreeRefusals.IsPublishable(status))
            return TreeRefusals.Kind(status, walk.Path);
        if (TreeWalk.IsForeign(status, root))
            return TreeRefusals.MountPoint(walk.Path);
        // A file of several names is changed when the last has been found here: the change reaches all of them.
        return links.Saw(status) ? Told(Change(file, status, owner, group, mode), walk.Path) : null;
    }

    private static Refusal? ChangeOther(TreeWalk walk, in FileStatus root, LinkCount links, uint? owner, uint? group)
    {
        if (walk.Look() is not Errno.None and var error)
            return TreeRefusals.From(error, "look at", walk.Path);
        if (!walk.Status.IsSymlink)
            return TreeRefusals.IsPublishable(walk.Status) ? TreeRefusals.Changed(walk.Path) : TreeRefusals.Kind(walk.Status, walk.Path);
        if (TreeWalk.IsForeign(walk.Status, root))
            return TreeRefusals.MountPoint(walk.Path);
        return !links.Saw(walk.Status) || IsOwner(walk.Status, owner, group)
            ? null
            : Told(Unistd.FChownAt(walk.Folder, walk.Name, owner ?? Unistd.Unchanged, group ?? Unistd.Unchanged), walk.Path);
    }

    private static bool IsOwner(in FileStatus status, uint? owner, uint? group) =>
        (owner ?? status.Uid) == status.Uid && (group ?? status.Gid) == status.Gid;

    /// <summary>The owner first: from then on the former one cannot undo the rest.</summary>
    private static Errno Change(Fd file, in FileStatus status, uint? owner, uint? group, uint? mode)
    {
        Errno error = IsOwner(status, owner, group)
            ? Errno.None
            : Unistd.FChown(file, owner ?? Unistd.Unchanged, group ?? Unistd.Unchanged);
        if (error != Errno.None || mode is null)
            return error;
        error = RemoveAcl(file, s_accessAcl);
        if (error == Errno.None && status.IsFolder)
            error = RemoveAcl(file, s_defaultAcl);
        if (error == Errno.None && (mode != status.Permissions || !IsOwner(status, owner, group)))
            error = Stat.FChmod(file, mode.Value);
        return error;
    }

    private static Errno RemoveAcl(Fd file, Name acl)
    {
        Errno error = SysXattr.FRemovexattr(file, acl);
        // Who may not remove one is told so even where there is none.
        if (error is Errno.EPERM or Errno.EACCES && SysXattr.FGetxattr(file, acl, out _) is Errno.ENODATA or Errno.EOPNOTSUPP)
            return Errno.None;
        return error is Errno.ENODATA or Errno.EOPNOTSUPP ? Errno.None : error;
    }

    private static Refusal? Told(Errno error, string path) =>
        error == Errno.None ? null : TreeRefusals.From(error, "set owner and mode of", path);
}
