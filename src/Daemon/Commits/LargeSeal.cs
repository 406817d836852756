using AtomikD.Commits.Steps;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Trees;

namespace AtomikD.Commits;

/// <summary>The seal of one large item, beside the lane, in its own time: copy where needed, checks, owner and modes, sync.</summary>
internal static class LargeSeal
{
    /// <exception cref="OperationCanceledException">It was stopped; the item stays claimed.</exception>
    public static void Run(Commit commit, CommitJournal journal, int syncWorkers, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        if (commit.IsCrossDevice)
            commit.Refusal = CrossDeviceCopy.Run(commit, journal, syncWorkers, stop);
        else
            SealInPlace(commit, syncWorkers, stop);
    }

    private static void SealInPlace(Commit commit, int syncWorkers, CancellationToken stop)
    {
        Step4Seal.Run(commit, stop);
        if (commit.Refusal is not null || !commit.NeedsSync)
            return;
        string path = commit.ShownPath;
        Fd root = commit.Root!;
        if (commit.Operation == Operation.Rollback)
        {
            path = commit.Folders.Vault.SlotPath(commit.Id, commit.Target);
            Errno opening = Fcntl.OpenBeneath(commit.Folders.Vault.Folder, commit.SlotName, Fcntl.O_RDONLY, out root);
            commit.Root = root;
            if (opening != Errno.None)
            {
                Step4Seal.FailSync(commit, opening, path, null);
                return;
            }
        }
        Errno error = Stat.FStat(root, out FileStatus status);
        if (error != Errno.None)
            Step4Seal.FailSync(commit, error, path, null);
        else if (TreeSync.Sync(root, status, path, syncWorkers, stop) is { } failure)
            Step4Seal.FailSync(commit, failure.Errno, failure.Path, failure.File);
        commit.NeedsSync = false;
    }
}
