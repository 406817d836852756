using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Commits.Steps;

/// <summary>
/// Step 4: makes sure that the claimed item is whole, of kinds that may go live, and what its producer said; gives it owner
/// and modes. Checks that can refuse come before anything of the item is changed. Syncing follows (<see cref="BatchSync"/>
/// for the lane's own, <see cref="SealPool"/> for large ones).
/// </summary>
internal static class Step4Seal
{
    public static Name VersionAttribute { get; } = Name.Of("user.atomikd.version");

    private static readonly bool s_isRoot = Unistd.GetEuid() == 0;

    public static Refusal BusyRefusal(string path) => new(Reason.ItemBusy, $"{path} is still being written or renamed.",
        "Close every file of the item before its marker is dropped; touch the marker again.");

    /// <summary>The kernel marks the pages of a failed sync clean: a second sync would report success over lost contents.</summary>
    public static Refusal PoisonedRefusal(string path) => new(Reason.IoError, $"An earlier sync of {path} failed, so its contents cannot be trusted.",
        "Remove it, write it anew, then mark it.")
    { IsRetryable = false };

    public static void Run(Commit commit, CancellationToken stop)
    {
        if (commit.Operation != Operation.Commit)
            return;
        string path = commit.ShownPath;
        commit.Refusal = Open(commit, path) ?? Inspect(commit, path) ?? VerifyChecksum(commit, path, stop);
        if (commit.Refusal is null && !commit.CanReplace && Stat.StatAt(commit.Folders.Target, Name.Of(commit.Target), out _) == Errno.None)
            commit.Refusal = Step2Intend.TargetExists(commit);
        commit.Refusal ??= Finish(commit, path);
        if (commit.Refusal is { Reason: Reason.ItemBusy })
        {
            Step3Claim.PutBack(commit);
            Step1Admit.AskAgain(commit);
        }
        else if (commit.Refusal is not null)
        {
            Step3Claim.PutBack(commit);
        }
    }

    /// <summary>The descriptor from the admission is still open on the item: a rename does not change what it is open on.</summary>
    private static Refusal? Open(Commit commit, string path)
    {
        if (commit.Root is null)
        {
            Errno error = Fcntl.OpenBeneath(commit.Folders.Vault.Folder, commit.SlotName, Fcntl.O_RDONLY, out Fd root);
            if (error != Errno.None)
                return error == Errno.EAGAIN ? BusyRefusal(path) : Refusal.From(error, $"open {path}");
            commit.Root = root;
        }
        if (AsksLeases(commit) && commit.ItemStatus.IsFile)
        {
            // Held until after the publish, where it is asked whether anyone broke it meanwhile.
            Errno lease = Fcntl.SetLease(commit.Root, Fcntl.F_RDLCK);
            if (lease == Errno.EAGAIN)
                return BusyRefusal(path);
            commit.HoldsLease = lease == Errno.None;
        }
        return null;
    }

    /// <summary>Of an upload nobody but the daemon has ever had a file open.</summary>
    public static bool AsksLeases(Commit commit) => commit.Settings.OpenFiles == OpenFilesPolicy.Wait && !commit.IsUpload;

    private static Refusal? Inspect(Commit commit, string path)
    {
        Errno error = Stat.FStat(commit.Root!, out FileStatus root);
        if (error != Errno.None)
            return Refusal.From(error, $"look at {path}");
        commit.RootStatus = root;
        bool asks = AsksLeases(commit);
        var rules = new InspectionRules
        {
            MarkerChanged = asks && !commit.IsCrossDevice ? commit.Marker?.Status.Changed : null,
            JudgesByModified = commit.IsResumed,
            AskLeases = asks && root.IsFolder && !commit.IsCrossDevice,
            RefuseOutsideLinks = HasOutsideLinkRule(commit),
            IsPoisoned = commit.Route.Poisoned.IsEmpty ? null : commit.Route.IsPoisoned,
            Device = root.Device,
            SkipRootChange = true,
        };
        Refusal? refusal = TreeInspection.Inspect(commit.Root!, root, path, rules, out TreeFacts facts);
        commit.Facts = facts;
        return refusal;
    }

    /// <summary>
    /// A second name outside the item would carry changed owner and modes there, and be copied out with the daemon's rights.
    /// </summary>
    public static bool HasOutsideLinkRule(Commit commit)
    {
        RouteSettings settings = commit.Settings;
        FileStatus staging = commit.Folders.StagingStatus;
        bool changes = settings.Owner is not null || settings.Group is not null || settings.FileMode is not null || settings.DirectoryMode is not null;
        bool isShared = s_isRoot && (staging.Uid != 0 || (staging.Mode & 0x12) != 0);
        return changes || commit.IsCrossDevice || isShared;
    }

    public static Refusal? VerifyChecksum(Commit commit, string path, CancellationToken stop)
    {
        if (commit.Options.Sha256 is not { } expected)
            return null;
        Errno error = Stat.FStat(commit.Root!, out FileStatus root);
        if (error != Errno.None)
            return Refusal.From(error, $"look at {path}");
        Refusal? wrong = Checksums.Verify(commit.Root!, root, path, expected, stop);
        return wrong is not null && commit.IsDistrusted
            ? Step1Admit.Interrupted($"{path} was marked before the machine went down, and its contents do not fit its sha256.")
            : wrong;
    }

    private static Refusal? Finish(Commit commit, string path)
    {
        RouteSettings settings = commit.Settings;
        FileStatus before = commit.RootStatus;
        commit.RootBefore = before;
        if (settings.Owner is not null || settings.Group is not null || settings.FileMode is not null || settings.DirectoryMode is not null)
        {
            Refusal? refusal = OwnerAndModes.Apply(commit.Root!, before, path, settings.Owner, settings.Group, settings.FileMode, settings.DirectoryMode);
            if (refusal is not null)
                return refusal;
        }
        // Readers can log what they read, and numbers survive the loss of the journal. Where the file system has no user
        // attributes, or the file has other names, there is none.
        if (before.IsFolder || before.Links == 1)
            SysXattr.FSetxattr(commit.Root!, VersionAttribute, Name.Of($"{commit.Intent!.Number}").Bytes);
        commit.NeedsSync = settings.Durability == Durability.Full;
        return null;
    }

    /// <summary>Before an item goes back to its producer: the root's owner, mode and attribute as they were.</summary>
    public static void Undo(Commit commit)
    {
        if (commit.RootBefore is not { } before || commit.Root is null)
            return;
        SysXattr.FRemovexattr(commit.Root, VersionAttribute);
        OwnerAndModes.RestoreRoot(commit.Root, before);
        commit.RootBefore = null;
    }

    /// <summary>A sync that failed is final: the item is refused, and its identities are remembered.</summary>
    public static void FailSync(Commit commit, Errno errno, string path, FileStatus? file)
    {
        commit.Refusal = Refusal.From(errno, $"sync {path}") with { IsRetryable = false };
        if (commit.Refusal.Reason != Reason.NoSpace)
            commit.Refusal = commit.Refusal with { Reason = Reason.IoError, Hint = "Look into the kernel's log for the device. Write the item anew, then mark it." };
        commit.Poisoned = [commit.Item];
        // Where it could not even be opened, nothing is known of it.
        if (file is { Inode: not 0 } status)
            commit.Poisoned.Add(new Identity(status.Inode, status.Born, []));
        foreach (Identity identity in commit.Poisoned)
            commit.Route.Poison(identity);
        Step3Claim.PutBack(commit);
    }
}
