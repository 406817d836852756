using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Copies one regular file or one symbolic link.</summary>
internal static class FileCopy
{
    public static Refusal? Copy(Fd sourceFolder, Name sourceName, Fd targetFolder, Name targetName, string shownPath, ContentCopy contents,
        out FileStatus status)
    {
        status = default;
        Errno error = Fcntl.OpenBeneath(sourceFolder, sourceName, Fcntl.O_RDONLY, out Fd opened);
        using Fd source = opened;
        if (error == Errno.None)
            error = Stat.FStat(source, out status);
        if (error != Errno.None)
            return TreeRefusals.From(error, "read", shownPath);
        if (!TreeRefusals.IsPublishable(status))
            return TreeRefusals.Kind(status, shownPath);
        if (!status.IsFile)
            return TreeRefusals.Changed(shownPath);

        error = Fcntl.OpenAt2(targetFolder, targetName, Fcntl.O_RDWR | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_NOFOLLOW, 0x180,
            Fcntl.RESOLVE_BENEATH | Fcntl.RESOLVE_NO_SYMLINKS | Fcntl.RESOLVE_NO_XDEV, out Fd made);
        using Fd target = made;
        if (error != Errno.None)
            return Attributes.NotKept(error, "the name", shownPath);
        Attributes.RemoveInherited(target, isFolder: false);
        error = contents.Copy(source, target, status.Size);
        if (error != Errno.None)
            return error == Errno.ESTALE ? TreeRefusals.Changed(shownPath) : Attributes.NotKept(error, "the contents", shownPath);
        return Attributes.Take(source, status, target, shownPath) ?? AskUnchanged(source, status, shownPath);
    }

    public static Refusal? CopyLink(Fd sourceFolder, Name name, Fd targetFolder, in FileStatus status, string shownPath)
    {
        Errno error = Unistd.ReadlinkAt(sourceFolder, name, out Name to);
        if (error != Errno.None)
            return error == Errno.EINVAL ? TreeRefusals.Changed(shownPath) : TreeRefusals.From(error, "read the link", shownPath);
        error = Unistd.SymlinkAt(to, targetFolder, name);
        FileStatus made = default;
        if (error == Errno.None)
            error = Stat.StatAt(targetFolder, name, out made);
        if (error == Errno.None && (made.Uid != status.Uid || made.Gid != status.Gid))
            error = Unistd.FChownAt(targetFolder, name, status.Uid, status.Gid);
        if (error == Errno.None)
            error = TakeXattrs(sourceFolder, targetFolder, name);
        if (error == Errno.None)
            error = Stat.UtimensAt(targetFolder, name, Attributes.Of(status.Accessed), Attributes.Of(status.Modified));
        return error == Errno.None ? null : Attributes.NotKept(error, "the link", shownPath);
    }

    /// <summary>Contents that were changed while they were read are neither the old nor the new ones.</summary>
    public static Refusal? AskUnchanged(Fd source, in FileStatus before, string shownPath)
    {
        Errno error = Stat.FStat(source, out FileStatus after);
        if (error != Errno.None)
            return TreeRefusals.From(error, "look at", shownPath);
        return after.Changed == before.Changed && after.Modified == before.Modified && after.Size == before.Size
            ? null
            : TreeRefusals.Changed(shownPath);
    }

    private static Errno TakeXattrs(Fd sourceFolder, Fd targetFolder, Name name)
    {
        Errno error = SysXattr.LListxattr(sourceFolder, name, out List<Name> xattrs);
        if (error is not Errno.None)
            return error is Errno.EOPNOTSUPP ? Errno.None : error;
        foreach (Name xattr in xattrs)
        {
            error = SysXattr.LGetxattr(sourceFolder, name, xattr, out byte[] value);
            if (error == Errno.None && SysXattr.LGetxattr(targetFolder, name, xattr, out byte[] there) == Errno.None && there.AsSpan().SequenceEqual(value))
                continue;
            if (error == Errno.None)
                error = SysXattr.LSetxattr(targetFolder, name, xattr, value);
            if (error != Errno.None)
                return error;
        }
        return Errno.None;
    }
}
