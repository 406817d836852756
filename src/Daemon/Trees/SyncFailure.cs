using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Why a tree is not on the disk.</summary>
/// <param name="File">What it happened to; empty where it could not be opened.</param>
internal sealed record SyncFailure(Errno Errno, string Path, FileStatus File)
{
    /// <summary>The sync itself failed: the contents may be lost and no later sync will say so. Else it never came to it.</summary>
    public bool IsFinal { get; init; }

    public Refusal ToRefusal() => IsFinal
        ? new Refusal(Reason.IoError, $"Cannot sync {Path}: {Errno.Describe()}.",
            "Its contents may be lost. Look into the kernel's log for the device, then write the item anew, as new files, and mark it again.")
        {
            IsRetryable = false,
        }
        : TreeRefusals.From(Errno, "open for syncing", Path);
}
