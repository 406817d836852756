using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>What a copy takes over beside the contents.</summary>
internal static class Attributes
{
    private static readonly Name s_accessAcl = Name.Of("system.posix_acl_access");
    private static readonly Name s_defaultAcl = Name.Of("system.posix_acl_default");

    /// <summary>What the new entry has inherited from the folder that it was made in is no part of the item.</summary>
    public static void RemoveInherited(Fd target, bool isFolder)
    {
        SysXattr.FRemovexattr(target, s_accessAcl);
        if (isFolder)
            SysXattr.FRemovexattr(target, s_defaultAcl);
    }

    /// <summary>
    /// Attributes of the user before the mode, which may end the right to write them; ACLs and the system's after owner and
    /// mode, which would change them; the times last.
    /// </summary>
    public static Refusal? Take(Fd source, in FileStatus status, Fd target, string shownPath)
    {
        Errno error = SysXattr.FListxattr(source, out List<Name> names);
        if (error is not (Errno.None or Errno.EOPNOTSUPP))
            return TreeRefusals.From(error, "list the extended attributes of", shownPath);
        return TakeXattrs(source, target, names, late: false, shownPath)
            ?? TakeOwnerAndMode(status, target, shownPath)
            ?? TakeXattrs(source, target, names, late: true, shownPath)
            ?? TakeTimes(status, target, shownPath);
    }

    /// <summary>A call that failed on the copy: what cannot be kept there.</summary>
    public static Refusal NotKept(Errno error, string what, string shownPath) => error switch
    {
        Errno.EPERM or Errno.EACCES => new(Reason.NotPermitted, $"Cannot keep {what} of {shownPath} in a copy: {error.Describe()}.",
            "Stage on the target's file system, or give the daemon the right (CAP_CHOWN and CAP_FOWNER for owners and modes). Then touch the marker again."),
        Errno.EOPNOTSUPP or Errno.EINVAL or Errno.ERANGE or Errno.EMLINK or Errno.EFBIG or Errno.ENAMETOOLONG or Errno.EOVERFLOW =>
            TreeRefusals.Unsupported($"The target's file system cannot keep {what} of {shownPath}: {error.Describe()}",
                "Take it off the item, or choose a target that can keep it. Then touch the marker again."),
        _ => Refusal.From(error, $"keep {what} of {shownPath} in a copy"),
    };

    private static Refusal? TakeXattrs(Fd source, Fd target, List<Name> names, bool late, string shownPath)
    {
        foreach (Name name in names)
        {
            if (IsLate(name) != late)
                continue;
            Errno error = SysXattr.FGetxattr(source, name, out byte[] value);
            if (error == Errno.ENODATA)
                return TreeRefusals.Changed(shownPath);
            if (error != Errno.None)
                return TreeRefusals.From(error, $"read the attribute {name} of", shownPath);
            // A label that it has already need not be settable.
            if (SysXattr.FGetxattr(target, name, out byte[] there) == Errno.None && there.AsSpan().SequenceEqual(value))
                continue;
            error = SysXattr.FSetxattr(target, name, value);
            if (error != Errno.None)
                return NotKept(error, $"the attribute {name}", shownPath);
        }
        return null;
    }

    private static bool IsLate(Name name) => name.Bytes.StartsWith("security."u8) || name.Bytes.StartsWith("system."u8);

    private static Refusal? TakeOwnerAndMode(in FileStatus status, Fd target, string shownPath)
    {
        Errno error = Stat.FStat(target, out FileStatus made);
        if (error == Errno.None && (made.Uid != status.Uid || made.Gid != status.Gid))
            error = Unistd.FChown(target, status.Uid, status.Gid);
        if (error == Errno.None)
            error = Stat.FChmod(target, status.Permissions);
        // Without the right to it, chmod leaves set-gid out and says nothing.
        if (error == Errno.None)
            error = Stat.FStat(target, out made);
        if (error == Errno.None && (made.Permissions != status.Permissions || made.Uid != status.Uid || made.Gid != status.Gid))
            error = Errno.EPERM;
        return error == Errno.None ? null : NotKept(error, "owner and mode", shownPath);
    }

    private static Refusal? TakeTimes(in FileStatus status, Fd target, string shownPath)
    {
        Errno error = Stat.FUtimens(target, Of(status.Accessed), Of(status.Modified));
        return error == Errno.None ? null : NotKept(error, "the times", shownPath);
    }

    public static Time.timespec Of(Timestamp time) => new() { tv_sec = time.Seconds, tv_nsec = time.Nanoseconds };
}
