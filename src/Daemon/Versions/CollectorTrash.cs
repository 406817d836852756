using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Trees;
using Microsoft.Extensions.Logging;

namespace AtomikD.Versions;

/// <summary>
/// What has left its slot for good. Whatever stands here is deleted sooner or later, with or without a row of the journal:
/// after a crash it may be half of a version.
/// </summary>
internal sealed class CollectorTrash(OpenFolders folders, VaultMemory memory, CollectorPace pace, CommitJournal journal, ILogger logger)
{
    private readonly Vault _vault = folders.Vault;

    /// <summary>Of the disk, freed so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Moves a slot here. It is not safe to delete before <see cref="Sync"/>.</summary>
    public Errno Put(Name slot, out Name name)
    {
        name = slot;
        Errno error = Stdio.RenameAt2(_vault.Folder, slot, _vault.Trash, name, Stdio.RENAME_NOREPLACE);
        if (error != Errno.EEXIST)
            return error;
        name = Name.Of($"{journal.NextSlot()}");
        return Stdio.RenameAt2(_vault.Folder, slot, _vault.Trash, name, Stdio.RENAME_NOREPLACE);
    }

    /// <summary>Before the first unlink: else a power cut could show half a version in its slot.</summary>
    public bool Sync()
    {
        foreach ((Fd folder, string path) in (ReadOnlySpan<(Fd, string)>)[(_vault.Trash, PathOf("")), (_vault.Folder, _vault.Path)])
        {
            if (Unistd.Fsync(folder) is not Errno.None and var error)
            {
                memory.Suspect(_vault.Path, $"syncing {path}", error);
                return false;
            }
        }
        return true;
    }

    /// <summary>False: some of it could not be deleted; it is remembered, told and tried again.</summary>
    public bool Delete(Name name)
    {
        int since = pace.Unlinks;
        DeleteResult result = TreeDelete.Delete(_vault.Trash, name, pace.Piece, since);
        Bytes += result.Bytes;
        if (result.Error == Errno.None)
            memory.Forget(name);
        else
            memory.Remember(name, PathOf(result.Path ?? name.ToString()), result.Error);
        pace.Did(since + result.Entries);
        return result.Error == Errno.None;
    }

    /// <summary>Everything that is neither held nor mounted.</summary>
    public void Empty(MountedVersions mounts)
    {
        Dirent.List(_vault.Trash, int.MaxValue, out List<(Name Name, byte Type)> entries);
        entries.RemoveAll(entry => memory.IsResting(entry.Name));
        if (entries.Count == 0)
            return;
        if (mounts.UsesIn(_vault.Trash, journal.Clock) is not { } uses)
        {
            Log.MountNotFound(logger, _vault.Path);
            return;
        }
        // Recovery moves things here without syncing.
        pace.Rest();
        if (!Sync())
            return;
        foreach ((Name name, _) in entries)
        {
            if (!uses.TryGetValue(name, out MountUse? use))
                DeleteUnlessHeld(name);
            else
                memory.RememberMounted(name, PathOf(name.ToString()), use);
        }
    }

    private void DeleteUnlessHeld(Name name)
    {
        Errno error = Stat.StatAt(_vault.Trash, name, out FileStatus status);
        if (error != Errno.None)
        {
            if (error != Errno.ENOENT)
                memory.Remember(name, PathOf(name.ToString()), error);
            return;
        }
        HoldLook look = VersionHold.TryTake(_vault.Trash, name, status, out VersionHold? hold);
        using VersionHold? closing = hold;
        if (look != HoldLook.Free)
        {
            if (memory.HeldFor(name) < folders.Settings.HoldMax)
                return;
            Log.TrashHoldOverdue(logger, PathOf(name.ToString()), folders.Settings.HoldMax);
        }
        Delete(name);
    }

    private string PathOf(string below) => $"{_vault.Path}/trash/{below}";
}
