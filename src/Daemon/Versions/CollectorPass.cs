using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using Microsoft.Extensions.Logging;

namespace AtomikD.Versions;

/// <summary>
/// One pass over what is due in one vault. Some versions at a time: looked at, taken from rollback's reach by one
/// transaction, moved to the trash, synced, deleted, written off.
/// </summary>
internal sealed class CollectorPass(
    Route route, OpenFolders folders, VaultMemory memory, CollectorPace pace, CollectorTrash trash, CommitJournal journal, MountedVersions mounts, ILogger logger)
{
    /// <summary>Taken together, so that they share the syncs; each costs a descriptor meanwhile.</summary>
    private const int VersionsAtOnce = 64;

    /// <summary>What is taken is out of rollback's reach though its turn may come late: no more than this together.</summary>
    private const int FilesAtOnce = 4096;

    private readonly RouteSettings _settings = route.Settings;
    private readonly Vault _vault = folders.Vault;
    private readonly List<SpareReport> _spared = [];
    private readonly TimeSpan _begun = journal.Clock;
    private Dictionary<Name, MountUse> _uses = [];
    private bool _isSynced = route.Settings.Durability == Durability.Full;

    public int Deleted { get; private set; }

    public IReadOnlyList<SpareReport> Spared => _spared;

    public void Run()
    {
        memory.ForgetOld();
        WriteOff();
        VersionRow? after = null;
        while (true)
        {
            List<VersionRow> rows = NextDue(after);
            if (rows.Count == 0)
                break;
            after = rows[^1];
            if (!CollectSome(rows))
                return;
        }
        memory.MountedAre(_spared.Where(spared => spared.Why == SpareReason.Mounted).Select(spared => spared.Version.Sequence));
    }

    /// <summary>Only what had been replaced before the pass began, so that it comes to an end, and one syncfs serves all of it.</summary>
    private List<VersionRow> NextDue(VersionRow? after)
    {
        IReadOnlyList<VersionRow> due = journal.Write(durable: false, session => session.Due(_vault.Id, _settings.KeepFor, VersionsAtOnce, after));
        var rows = new List<VersionRow>();
        long files = 0;
        foreach (VersionRow row in due.TakeWhile(row => row.ReplacedClock <= _begun))
        {
            files += row.Files;
            if (rows.Count > 0 && files > FilesAtOnce)
                break;
            rows.Add(row);
        }
        return rows;
    }

    private bool CollectSome(List<VersionRow> rows)
    {
        pace.IsShortOfSpace = IsShortOfSpace();
        pace.Rest();
        if (mounts.UsesIn(_vault.Folder, rows[^1].ReplacedClock) is not { } uses)
        {
            Log.MountNotFound(logger, _vault.Path);
            return false;
        }
        _uses = uses;
        var found = new List<Candidate>();
        try
        {
            foreach (VersionRow row in rows)
                if (Examine(row) is { } candidate)
                    found.Add(candidate);
            if (found.Count == 0)
                return true;
            if (!SyncOnce())
                return false;
            Take(found);
            if (!MoveAway(found))
                return false;
            foreach (Candidate candidate in found)
                Delete(candidate);
            return true;
        }
        finally
        {
            found.ForEach(candidate => candidate.Hold?.Dispose());
            WriteOff();
        }
    }

    /// <summary>Null: it stays, and why is in the report.</summary>
    private Candidate? Examine(VersionRow row)
    {
        Name slot = Vault.SlotName(row.Slot, row.Name);
        if (memory.IsResting(slot))
        {
            StuckThing why = memory.WhyStuck(slot)!;
            return Spare(row, SpareReason.Undeletable, path: why.Path, error: why.Error);
        }
        Errno error = Look(row, slot, out FileStatus status, out bool isIts);
        if (error is not (Errno.None or Errno.ENOENT))
        {
            memory.Remember(slot, _vault.SlotPath(row.Slot, row.Name), error);
            return Spare(row, SpareReason.Undeletable, path: _vault.SlotPath(row.Slot, row.Name), error: error);
        }
        var candidate = new Candidate(row, slot, status);
        if (error == Errno.ENOENT || !isIts)
            return candidate;
        HoldLook held = VersionHold.TryTake(_vault.Folder, slot, status, out VersionHold? hold);
        candidate.Hold = hold;
        candidate.IsOverdue = held != HoldLook.Free;
        if (candidate.IsOverdue && journal.Clock - row.ReplacedClock <= _settings.HoldMax)
            return Spare(row, SpareReason.Held);
        if (!_uses.TryGetValue(slot, out MountUse? use))
            return candidate;
        hold?.Dispose();
        if (memory.IsNewsThatMounted(row.Sequence))
            Log.Mounted(logger, _vault.SlotPath(row.Slot, row.Name), use.Pid, use.Command, use.Point);
        return Spare(row, SpareReason.Mounted, use);
    }

    private Errno Look(VersionRow row, Name slot, out FileStatus status, out bool isIts)
    {
        Errno error = Stat.StatAt(_vault.Folder, slot, out status);
        isIts = error == Errno.None && Identity.Of(_vault.Folder, slot, status) == row.Identity;
        return error;
    }

    /// <summary>From here on no rollback gets them; those that one got before are left alone.</summary>
    private void Take(List<Candidate> found)
    {
        HashSet<long> taken = journal.Write(_settings.Durability == Durability.Full,
            session => found.Select(candidate => candidate.Row.Sequence).Where(session.Take).ToHashSet());
        foreach (Candidate candidate in found.Where(candidate => !taken.Contains(candidate.Row.Sequence)))
            candidate.Hold?.Dispose();
        found.RemoveAll(candidate => !taken.Contains(candidate.Row.Sequence));
    }

    /// <summary>Slots to the trash, by a rename that is on the disk before anything is unlinked.</summary>
    private bool MoveAway(List<Candidate> found)
    {
        var back = new List<long>();
        foreach (Candidate candidate in found)
        {
            if (!MoveAway(candidate))
                back.Add(candidate.Row.Sequence);
        }
        bool isSynced = !found.Exists(candidate => candidate.InTrash is not null) || trash.Sync();
        if (!isSynced)
            back.AddRange(found.Where(PutBack).Select(candidate => candidate.Row.Sequence));
        memory.Gone.AddRange(found.Select(candidate => candidate.Row.Sequence).Except(back));
        if (back.Count > 0)
            journal.Write(durable: false, session =>
            {
                back.ForEach(session.Return);
                return true;
            });
        return isSynced;
    }

    /// <summary>False: it still stands in its slot.</summary>
    private bool MoveAway(Candidate candidate)
    {
        VersionRow row = candidate.Row;
        // Once more, now that nobody else may touch it: a rollback that failed may have brought it back meanwhile.
        Errno error = Look(row, candidate.Slot, out FileStatus status, out bool isIts);
        if (error == Errno.ENOENT)
        {
            Log.SlotIsGone(logger, row.Route, row.Name, row.Number);
            return true;
        }
        if (error == Errno.None && !isIts)
            return ToLostAndFound(candidate, _vault.Folder, candidate.Slot);
        // Not the one that was examined: the next pass will.
        if (error == Errno.None && !status.IsSameFile(candidate.Status))
            return false;
        Name moved = candidate.Slot;
        if (error == Errno.None)
            error = trash.Put(candidate.Slot, out moved);
        if (error != Errno.None)
        {
            memory.Remember(candidate.Slot, _vault.SlotPath(row.Slot, row.Name), error);
            Spare(row, SpareReason.Undeletable, path: _vault.SlotPath(row.Slot, row.Name), error: error);
            return false;
        }
        if (Stat.StatAt(_vault.Trash, moved, out FileStatus now) != Errno.None || !now.IsSameFile(candidate.Status))
            return ToLostAndFound(candidate, _vault.Trash, moved);
        if (candidate.IsOverdue)
            Log.HoldOverdue(logger, row.Route, row.Name, row.Number, _settings.HoldMax);
        candidate.InTrash = moved;
        return true;
    }

    /// <summary>Something that is not the row's stands in the slot, or did: it is nobody's to delete.</summary>
    private bool ToLostAndFound(Candidate candidate, Fd folder, Name name)
    {
        VersionRow row = candidate.Row;
        Errno error = Stdio.RenameAt2(folder, name, _vault.LostAndFound, name, Stdio.RENAME_NOREPLACE);
        if (error == Errno.EEXIST)
            error = Stdio.RenameAt2(folder, name, _vault.LostAndFound, Vault.SlotName(journal.NextSlot(), row.Name), Stdio.RENAME_NOREPLACE);
        Log.NotItsRow(logger, _vault.SlotPath(row.Slot, row.Name), row.Route, row.Name, row.Number,
            error == Errno.None ? "moved to lost+found" : $"it cannot be moved to lost+found: {error.Describe()}");
        return true;
    }

    private bool PutBack(Candidate candidate) => candidate.InTrash is { } name
        && Stdio.RenameAt2(_vault.Trash, name, _vault.Folder, candidate.Slot, Stdio.RENAME_NOREPLACE) == Errno.None;

    private void Delete(Candidate candidate)
    {
        if (candidate.InTrash is not { } name)
            return;
        if (trash.Delete(name))
            Deleted++;
        else if (memory.WhyStuck(name) is { } why)
            Spare(candidate.Row, SpareReason.Undeletable, path: why.Path, error: why.Error);
        candidate.Hold?.Dispose();
    }

    /// <summary>The rows of what has left its slot. A crash before this is recovery's: it finds them leaving, and nothing there.</summary>
    private void WriteOff()
    {
        if (memory.Gone.Count == 0)
            return;
        long[] gone = [.. memory.Gone];
        journal.Write(durable: false, session =>
        {
            foreach (long sequence in gone)
                session.MarkDeleted(sequence);
            return true;
        });
        memory.Gone.Clear();
    }

    /// <summary>
    /// Without durable commits only this makes sure that one whole version is on the disk: what replaced those that go.
    /// </summary>
    private bool SyncOnce()
    {
        if (_isSynced)
            return true;
        Errno error = Unistd.Syncfs(folders.Target);
        if (error != Errno.None)
            memory.Suspect(_vault.Path, "syncing its file system", error);
        return _isSynced = error == Errno.None;
    }

    private bool IsShortOfSpace() => _settings.MinFree > 0
        && SysStatfs.FStatfs(_vault.Folder, out SysStatfs.statfs room) == Errno.None
        && (decimal)room.f_bavail * room.f_frsize < 2m * _settings.MinFree;

    private Candidate? Spare(VersionRow row, SpareReason why, MountUse? mount = null, string? path = null, Errno error = Errno.None)
    {
        _spared.Add(new SpareReport(row, why) { Mount = mount, Path = path, Error = error });
        return null;
    }

    /// <summary>A version on its way out.</summary>
    private sealed class Candidate(VersionRow row, Name slot, FileStatus status)
    {
        public VersionRow Row { get; } = row;

        public Name Slot { get; } = slot;

        public FileStatus Status { get; } = status;

        public VersionHold? Hold { get; set; }

        /// <summary>A reader holds it, for longer than HoldMax allows.</summary>
        public bool IsOverdue { get; set; }

        /// <summary>Its name in the trash, once it is there.</summary>
        public Name? InTrash { get; set; }
    }
}
