using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Commits.Steps;

/// <summary>
/// Step 5: the one rename. Creating and replacing answer each other's races in a bounded loop that never oversteps what the
/// policy allows.
/// </summary>
internal static class Step5Publish
{
    private const int Rounds = 8;

    public static void Run(Commit commit)
    {
        if (commit.Operation == Operation.Remove)
        {
            TakeDown(commit);
            return;
        }
        // A lease in breaking means that somebody opened the file for writing after the seal.
        if (commit.HoldsLease && Fcntl.GetLease(commit.Root!, out int lease) == Errno.None && lease != Fcntl.F_RDLCK)
        {
            commit.Refusal = Step4Seal.BusyRefusal(commit.ShownPath);
            Step3Claim.PutBack(commit);
            Step1Admit.AskAgain(commit);
            return;
        }
        Exchange(commit);
        if (!commit.IsPublished)
        {
            Step3Claim.PutBack(commit);
            return;
        }
        // With it goes the lease: nobody who opens the live file for writing waits for the settling.
        commit.Root?.Dispose();
        commit.Root = null;
    }

    private static void Exchange(Commit commit)
    {
        Fd vault = commit.Folders.Vault.Folder;
        Fd target = commit.Folders.Target;
        Name slot = commit.SlotName;
        Name name = Name.Of(commit.Target);
        bool creates = commit.CanCreate && (commit.Live.IsNone || !commit.CanReplace);
        for (int round = 0; round < Rounds; round++)
        {
            Errno error = Stdio.RenameAt2(vault, slot, target, name, creates ? Stdio.RENAME_NOREPLACE : Stdio.RENAME_EXCHANGE);
            if (error == Errno.None)
            {
                commit.IsPublished = true;
                commit.IsClaimed = false;
                if (!creates)
                    LookAtReplaced(commit);
                return;
            }
            if (error == Errno.EEXIST && creates)
            {
                if (!commit.CanReplace)
                {
                    commit.Refusal = Step2Intend.TargetExists(commit);
                    return;
                }
                creates = false;
            }
            else if (error == Errno.ENOENT && !creates)
            {
                if (!commit.CanCreate)
                {
                    commit.Refusal = new Refusal(Reason.VersionMismatch, $"{commit.Folders.TargetPath(commit.Target)} vanished during the commit.", "Look at what is live, then ask again.");
                    return;
                }
                creates = true;
            }
            else
            {
                commit.Refusal = Refusal.From(error, $"publish {commit.Folders.TargetPath(commit.Target)}");
                return;
            }
        }
        commit.Refusal = new Refusal(Reason.Busy, $"{commit.Folders.TargetPath(commit.Target)} came and went {Rounds} times during the commit.",
            "Something else writes into the target: stop it, then touch the marker again.");
    }

    /// <summary>What the slot holds now is what readers saw until now: the live version, or a stranger's thing.</summary>
    private static void LookAtReplaced(Commit commit)
    {
        Fd vault = commit.Folders.Vault.Folder;
        if (Stat.StatAt(vault, commit.SlotName, out FileStatus status) != Errno.None)
        {
            commit.Replaced = Unseen(commit);
            return;
        }
        if (commit.Item.Matches(status) || commit.Intent!.Copy.Matches(status))
        {
            // The same file under two names: the exchange changed nothing, and the second name is not needed.
            Unistd.UnlinkAt(vault, commit.SlotName);
            return;
        }
        commit.Replaced = Describe(commit, vault, status);
    }

    private static ReplacedThing Describe(Commit commit, Fd vault, in FileStatus status)
    {
        bool isLive = commit.Live.Matches(status);
        return new ReplacedThing(isLive ? commit.Live : Identity.Of(vault, commit.SlotName, status), status.KindOf(), isLive && commit.LiveIsOurs);
    }

    /// <summary>It cannot be looked at: taken for what stood there before, which recovery compares with its slot.</summary>
    private static ReplacedThing? Unseen(Commit commit) =>
        commit.Live.IsNone ? null : new ReplacedThing(commit.Live, ItemKind.Other, commit.LiveIsOurs);

    private static void TakeDown(Commit commit)
    {
        Fd vault = commit.Folders.Vault.Folder;
        Name name = Name.Of(commit.Target);
        Errno error = Stdio.RenameAt2(commit.Folders.Target, name, vault, commit.SlotName, Stdio.RENAME_NOREPLACE);
        if (error != Errno.None)
        {
            commit.Refusal = error == Errno.ENOENT
                ? new Refusal(Reason.VersionNotFound, $"{commit.Folders.TargetPath(commit.Target)} is no longer there.", "There is nothing to remove.")
                : Refusal.From(error, $"take down {commit.Folders.TargetPath(commit.Target)}");
            return;
        }
        commit.Replaced = Stat.StatAt(vault, commit.SlotName, out FileStatus status) == Errno.None ? Describe(commit, vault, status) : Unseen(commit);
        commit.IsPublished = true;
    }
}
