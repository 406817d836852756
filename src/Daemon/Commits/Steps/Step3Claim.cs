using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Commits.Steps;

/// <summary>
/// Step 3: takes the item out of its producer's reach, into its own slot, and compares it once more with what was admitted.
/// </summary>
internal static class Step3Claim
{
    public static void Run(Commit commit)
    {
        switch (commit.Operation)
        {
            case Operation.Commit:
                ClaimItem(commit);
                break;
            case Operation.Rollback:
                ClaimRetained(commit);
                break;
            default:
                // A removal has nothing to claim: its publish takes what is live.
                break;
        }
    }

    /// <summary>The folder that the claimed item stands in: the vault, or the daemon's folder in staging before a copy.</summary>
    public static Fd PlaceOf(Commit commit) => commit.IsUpload ? commit.Folders.Vault.Folder : commit.Folders.Workshop;

    private static void ClaimItem(Commit commit)
    {
        string path = commit.ShownPath;
        Fd place = PlaceOf(commit);
        Errno error = commit.UploadName is { } upload
            ? Stdio.RenameAt2(commit.Folders.Vault.Upload, upload, place, commit.SlotName, Stdio.RENAME_NOREPLACE)
            : Stdio.RenameAt2(commit.Folders.Staging, commit.Source, place, commit.SlotName, Stdio.RENAME_NOREPLACE);
        if (error != Errno.None)
        {
            commit.Refusal = error switch
            {
                Errno.ENOENT => new Refusal(Reason.ItemNotFound, $"{path} is no longer there.", "Write the item first, then its marker."),
                Errno.EXDEV => CrossDevice(commit, path),
                _ => Refusal.From(error, $"claim {path}"),
            };
            return;
        }
        commit.IsClaimed = true;
        bool isAsAdmitted = Stat.StatAt(place, commit.SlotName, out FileStatus claimed) == Errno.None && commit.Item.Matches(claimed) && IsUnchanged(commit, claimed);
        if (isAsAdmitted && IsSameMarker(commit))
        {
            commit.Route.PutBacks.Forget(commit.Source);
            return;
        }
        // Somebody exchanged or changed item or marker between the look and the claim: the new pair is judged from the start.
        PutBack(commit, isAsAdmitted);
        if (commit.IsUpload || commit.IsBeside || commit.IsClaimed)
            commit.Refusal = Step4Seal.BusyRefusal(path);
        else
            commit.Again ??= TimeSpan.FromMilliseconds(1);
    }

    /// <summary>The claim itself changes the ctime, so it is no longer told by that.</summary>
    private static bool IsUnchanged(Commit commit, in FileStatus claimed) => claimed.Modified == commit.ItemStatus.Modified
        && claimed.Size == commit.ItemStatus.Size && claimed.Mode == commit.ItemStatus.Mode && claimed.Uid == commit.ItemStatus.Uid;

    private static bool IsSameMarker(Commit commit) => commit.Marker is not { } marker
        || (Stat.StatAt(commit.Folders.Staging, ItemNames.MarkerOf(commit.Source), out FileStatus now) == Errno.None && marker.Identity.Matches(now));

    private static void ClaimRetained(Commit commit)
    {
        Vault vault = commit.Folders.Vault;
        Name from = Vault.SlotName(commit.Intent!.FromSlot, commit.Target);
        Errno error = Stat.StatAt(vault.Folder, from, out FileStatus stands);
        if (error == Errno.None && commit.Item.Matches(stands))
            error = Stdio.RenameAt2(vault.Folder, from, vault.Folder, commit.SlotName, Stdio.RENAME_NOREPLACE);
        else if (error == Errno.None)
            error = Errno.ESTALE;
        if (error == Errno.None)
            commit.IsClaimed = true;
        else
            commit.Refusal = new Refusal(Reason.VersionNotFound, $"The retained version is no longer at {vault.SlotPath(commit.Intent.FromSlot, commit.Target)}: {error.Describe()}.",
                "Choose another version.");
    }

    private static Refusal CrossDevice(Commit commit, string path) => new(Reason.CrossDevice,
        $"{path} (device {DeviceText(commit.ItemStatus)}) cannot be renamed to {commit.Folders.Vault.Path} (device {DeviceText(commit.Folders.Vault.Status)}): {Errno.EXDEV.Describe()}.",
        "Put staging and target under one mount, or set CrossDevice = copy.");

    private static string DeviceText(in FileStatus status) => $"{status.Device >> 32}:{status.Device & 0xFFFFFFFF}";

    /// <summary>
    /// Gives a claimed item back to its producer, as it was where that is possible: at its name, or beside it where the name
    /// is in use again. A rollback's goes back to its old slot; an upload, which its sender still has, to the trash.
    /// </summary>
    public static void PutBack(Commit commit, bool wasLookedAt = true)
    {
        if (!commit.IsClaimed)
            return;
        if (commit.Operation == Operation.Rollback)
        {
            Vault vault = commit.Folders.Vault;
            Name from = Vault.SlotName(commit.Intent!.FromSlot, commit.Target);
            commit.IsClaimed = Stdio.RenameAt2(vault.Folder, commit.SlotName, vault.Folder, from, Stdio.RENAME_NOREPLACE) != Errno.None;
            return;
        }
        if (commit.IsUpload)
        {
            Vault vault = commit.Folders.Vault;
            commit.IsClaimed = Stdio.RenameAt2(vault.Folder, commit.SlotName, vault.Trash, commit.SlotName, Stdio.RENAME_NOREPLACE) != Errno.None;
            return;
        }
        Step4Seal.Undo(commit);
        DropCopy(commit);
        Errno error = PutBack(PlaceOf(commit), commit.SlotName, commit.Folders.Staging, commit.Source, commit.Id, out Name at);
        commit.IsClaimed = error != Errno.None;
        commit.IsBeside = !at.Equals(commit.Source);
        if (error == Errno.None && !commit.IsBeside && Stat.StatAt(commit.Folders.Staging, at, out FileStatus back) == Errno.None)
            commit.Route.PutBacks.Note(at, back.Changed, wasLookedAt);
        commit.ItemIsAt = error == Errno.None
            ? commit.Folders.ItemPath(at)
            : $"{(commit.Folders.CrossDevice ? $"{commit.Settings.Staging}/{Routes.OpenFolders.OwnFolder}" : commit.Folders.Vault.Path)}/{commit.SlotName}";
    }

    /// <summary>The copy that was to be published; the source goes back to its producer. What is long to delete is deleted later.</summary>
    private static void DropCopy(Commit commit)
    {
        Vault vault = commit.Folders.Vault;
        if (commit.Intent is { Copy: { IsNone: false } copy } && Stat.StatAt(vault.Folder, commit.SlotName, out FileStatus stands) == Errno.None && copy.Matches(stands))
            Stdio.RenameAt2(vault.Folder, commit.SlotName, vault.Trash, commit.SlotName, Stdio.RENAME_NOREPLACE);
    }

    /// <summary>Renames a slot back to its name in staging, or to <c>NAME~ID</c> where that name is taken.</summary>
    public static Errno PutBack(Fd place, Name slot, Fd staging, Name source, SlotId id, out Name at)
    {
        at = source;
        Errno error = Stdio.RenameAt2(place, slot, staging, source, Stdio.RENAME_NOREPLACE);
        if (error != Errno.EEXIST)
            return error;
        at = source.With(Name.Of($"~{id}").Bytes);
        return Stdio.RenameAt2(place, slot, staging, at, Stdio.RENAME_NOREPLACE);
    }
}
