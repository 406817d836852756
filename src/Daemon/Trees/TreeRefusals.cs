using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>What is told when an item cannot be taken.</summary>
internal static class TreeRefusals
{
    private const string LeaveAlone = "Finish the item, leave it alone, then touch the marker again.";

    public static Refusal Unsupported(string what, string hint) => new(Reason.ItemUnsupported, $"{what}.", hint);

    /// <summary>It is not what it was a moment ago.</summary>
    public static Refusal Changed(string path) => new(Reason.ItemBusy, $"{path} was changed while it was being worked on.", LeaveAlone);

    public static Refusal ChangedAfterMarker(string path) =>
        new(Reason.ItemBusy, $"{path} was changed after its marker; touch the marker again.", LeaveAlone);

    public static Refusal OpenForWriting(string path) => new(Reason.ItemBusy,
        $"{path} is open for writing.", "Close the file, then touch the marker again.");

    public static Refusal NoLease(string path, Errno error) => error switch
    {
        Errno.EAGAIN => OpenForWriting(path),
        _ => new(error == Errno.EACCES ? Reason.NotPermitted : Reason.IoError, $"Cannot take a read lease of {path}: {error.Describe()}.",
            "The daemon must own the file or have CAP_LEASE; without either set OpenFiles = ignore for the route. Then touch the marker again."),
    };

    public static Refusal Poisoned(string path) =>
        new(Reason.IoError, $"{path}: an earlier sync of it failed, so its contents may be lost.", "Write the item anew, as new files, and mark it again.")
        {
            IsRetryable = false,
        };

    public static Refusal MountPoint(string path) =>
        Unsupported($"{path} is a mount point, or on another file system than its item", "Unmount it, or leave it out of the item.");

    public static Refusal OutsideLink(string path) => Unsupported($"{path} is a file that has hard links outside of its item",
        "Copy the file instead of linking it, then touch the marker again.");

    /// <summary>A call that failed on something that a producer may be changing. <paramref name="doing"/> reads like "read".</summary>
    public static Refusal From(Errno error, string doing, string path) => error switch
    {
        Errno.ENOENT or Errno.ELOOP or Errno.ENOTDIR or Errno.EISDIR or Errno.ENXIO or Errno.ESTALE => Changed(path),
        Errno.EAGAIN => OpenForWriting(path),
        Errno.EXDEV => MountPoint(path),
        Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM => new(Reason.Busy, $"Cannot {doing} {path}: {error.Describe()}.",
            "The machine or the daemon's limits are short of something; touch the marker again later."),
        _ => Refusal.From(error, $"{doing} {path}"),
    };

    private static bool IsSetId(in FileStatus status) => status.IsFile && (status.Mode & (Stat.S_ISUID | Stat.S_ISGID)) != 0;

    /// <summary>It is of a kind that an item may hold.</summary>
    public static bool IsPublishable(in FileStatus status) => status.IsFile ? !IsSetId(status) : status.IsFolder || status.IsSymlink;

    public static Refusal Kind(in FileStatus status, string path) => IsSetId(status)
        ? Unsupported($"{path} is a set-uid or set-gid file", "Take these bits off (chmod ug-s), then touch the marker again.")
        : Unsupported($"{path} is a {KindWord(status)}", "An item consists of regular files, folders and symbolic links; leave it out.");

    private static string KindWord(in FileStatus status) => status.Type switch
    {
        Stat.S_IFIFO => "FIFO",
        Stat.S_IFSOCK => "socket",
        Stat.S_IFBLK or Stat.S_IFCHR => "device node",
        _ => "thing of an unknown kind",
    };
}
