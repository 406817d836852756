using AtomikD.Commits.Steps;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Commits;

/// <summary>
/// An item on another file system (or mount) than its target: the claimed source is copied into the vault, and the copy is
/// published. Nothing stands in a slot whose identity the journal does not know.
/// </summary>
internal static class CrossDeviceCopy
{
    public static Refusal? Run(Commit commit, CommitJournal journal, int syncWorkers, CancellationToken stop)
    {
        Vault vault = commit.Folders.Vault;
        Name copyName = Name.Of(commit.Id.ToString());
        Refusal? refusal = CopyAndSeal(commit, copyName, syncWorkers, stop);
        if (refusal is null)
        {
            Errno error = Stat.FStat(commit.Root!, out FileStatus status);
            Identity copy = error == Errno.None ? Identity.Of(commit.Root!, Name.Empty, status) : default;
            commit.Intent = commit.Intent! with { Copy = copy };
            try
            {
                journal.Write(durable: true, session =>
                {
                    session.SetCopy(commit.Id, copy);
                    return true;
                });
            }
            catch (JournalException e)
            {
                refusal = new Refusal(Reason.IoError, $"The journal cannot be written: {e.Message}", "Free space for the state folder, then touch the marker again.");
            }
            if (refusal is null)
            {
                error = Stdio.RenameAt2(vault.Copy, copyName, vault.Folder, commit.SlotName, Stdio.RENAME_NOREPLACE);
                refusal = error == Errno.None ? null : Refusal.From(error, $"move the copy into {vault.Path}");
            }
        }
        if (refusal is null)
            return null;
        commit.Root?.Dispose();
        commit.Root = null;
        commit.RootBefore = null;
        TreeDelete.Delete(vault.Copy, copyName, null);
        Step3Claim.PutBack(commit);
        if (refusal.Reason == Reason.ItemBusy)
            Step1Admit.AskAgain(commit);
        return refusal;
    }

    private static Refusal? CopyAndSeal(Commit commit, Name copyName, int syncWorkers, CancellationToken stop)
    {
        string path = commit.Folders.ItemPath(commit.Source);
        RouteSettings settings = commit.Settings;
        Refusal? refusal = InspectSource(commit, path) ?? CheckRoom(commit, path);
        refusal ??= TreeCopy.Copy(commit.Folders.Own!, commit.SlotName, commit.Folders.Vault.Copy, copyName, path, null, stop);
        if (refusal is not null)
            return refusal;
        commit.Root?.Dispose();
        Errno error = Fcntl.OpenBeneath(commit.Folders.Vault.Copy, copyName, Fcntl.O_RDONLY, out Fd copy);
        commit.Root = copy;
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(copy, out status);
        if (error != Errno.None)
            return Refusal.From(error, $"open the copy of {path}");
        refusal = Step4Seal.VerifyChecksum(commit, path, stop);
        refusal ??= OwnerAndModes.Apply(copy, status, path, settings.Owner, settings.Group, settings.FileMode, settings.DirectoryMode);
        if (refusal is not null)
            return refusal;
        SysXattr.FSetxattr(copy, Step4Seal.VersionAttribute, Name.Of($"{commit.Intent!.Number}").Bytes);
        // On every route: the source is deleted for the copy's sake.
        return TreeSync.Sync(copy, status, path, syncWorkers, stop) is { } failure
            ? Refusal.From(failure.Errno, $"sync the copy of {failure.Path}")
            : null;
    }

    private static Refusal? InspectSource(Commit commit, string path)
    {
        if (commit.Root is null)
        {
            Errno opening = Fcntl.OpenBeneath(commit.Folders.Own!, commit.SlotName, Fcntl.O_RDONLY, out Fd source);
            commit.Root = source;
            if (opening != Errno.None)
                return opening == Errno.EAGAIN ? Step4Seal.BusyRefusal(path) : Refusal.From(opening, $"open {path}");
        }
        Errno error = Stat.FStat(commit.Root, out FileStatus root);
        if (error != Errno.None)
            return Refusal.From(error, $"look at {path}");
        bool asks = commit.Settings.OpenFiles == OpenFilesPolicy.Wait;
        Refusal? refusal = TreeInspection.Inspect(commit.Root, root, path, new InspectionRules
        {
            MarkerChanged = asks ? commit.Marker?.Status.Changed : null,
            AskLeases = asks,
            RefuseOutsideLinks = true,
            Device = root.Device,
            SkipRootChange = true,
        }, out TreeFacts facts);
        commit.Facts = facts;
        return refusal;
    }

    /// <summary>Asked before the first byte is copied: a copy that cannot fit would take the room from others.</summary>
    private static Refusal? CheckRoom(Commit commit, string path)
    {
        if (SysStatfs.FStatfs(commit.Folders.Vault.Folder, out SysStatfs.statfs room) != Errno.None)
            return null;
        long free = (long)room.f_bavail * room.f_bsize;
        bool hasInodes = room.f_files == 0 || (long)room.f_ffree > commit.Facts.Entries;
        return free - commit.Facts.Bytes >= commit.Settings.MinFree && free >= commit.Facts.Bytes && hasInodes
            ? null
            : new Refusal(Reason.NoSpace, $"{path} has {commit.Facts.Bytes} bytes in {commit.Facts.Entries} entries; {free} bytes are free on the target's file system, of which MinFree keeps {commit.Settings.MinFree}.",
                "Free space on the target's file system, then touch the marker again.");
    }

    /// <summary>
    /// The source of a settled commit is only deleted, never committed; and only once the copy's place is on the disk, on
    /// routes that are not durable too. If it cannot be made sure of, the source stays.
    /// </summary>
    public static void DeleteSource(OpenFolders folders, Name slot)
    {
        if (Unistd.Fsync(folders.Vault.Folder) == Errno.None && Unistd.Fsync(folders.Target) == Errno.None)
            TreeDelete.Delete(folders.Own!, slot, null);
    }
}
