using AtomikD.Linux;

namespace AtomikD.Commits;

/// <summary>A request that is refused: why, what was found where, and what to do.</summary>
/// <param name="Reason">From the closed list.</param>
/// <param name="Message">What happened, with the errno, the path and what was expected. Never the contents of a file.</param>
/// <param name="Hint">What the producer should do now.</param>
internal sealed record Refusal(Reason Reason, string Message, string Hint)
{
    /// <summary>False where the reason would allow a retry but this case does not: a sync that failed is final.</summary>
    public bool IsRetryable { get; init; } = Reason.IsRetryable();

    /// <summary>The new version is live all the same; only its being kept could not be made sure of.</summary>
    public bool IsPublished { get; init; }

    /// <summary>The refusal for an error that nobody foresaw.</summary>
    public static Refusal Unexpected(Exception e) => new(Reason.IoError, $"An unexpected error: {e.Message}",
        "The daemon's log has the details; please report them.");

    /// <summary>The refusal for a system call that failed: <paramref name="doing"/> reads like "claim /srv/staging/x".</summary>
    public static Refusal From(Errno errno, string doing) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => new(Reason.NoSpace, $"Cannot {doing}: {errno.Describe()}.",
            "Free space (or raise the quota), then touch the marker again."),
        Errno.EACCES or Errno.EPERM => new(Reason.NotPermitted, $"Cannot {doing}: {errno.Describe()}.",
            "Give the daemon's user the rights it lacks; `atomikd check` names them. Then touch the marker again."),
        Errno.EROFS => new(Reason.IoError, $"Cannot {doing}: {errno.Describe()}.",
            "The file system is read-only: remount it for writing, then touch the marker again."),
        Errno.EMFILE or Errno.ENFILE => new(Reason.Busy, $"Cannot {doing}: {errno.Describe()}.",
            "The daemon has too many files open: raise LimitNOFILE= of its unit, then touch the marker again."),
        Errno.EBUSY => new(Reason.Busy, $"Cannot {doing}: {errno.Describe()}.",
            "Something is mounted there: mount the target or its parent, never an item. Unmount it, then touch the marker again."),
        _ => new(Reason.IoError, $"Cannot {doing}: {errno.Describe()}.",
            "Look into the kernel's log for the device, then touch the marker again."),
    };
}
