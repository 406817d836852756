using AtomikD.Commits;
using AtomikD.Versions;

namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private Statement? _retain;
    private Statement? _became;
    private Statement? _beyondKeep;
    private Statement? _flagSurplus;
    private Statement? _insertFailure;
    private Statement? _insertUnclosed;
    private Statement? _close;
    private Statement? _unclosedOf;

    /// <summary>
    /// All that a published commit changes here, in one go: its intent goes, its version comes, what it replaced is retained
    /// in its slot. Tells the version's sequence. Refuses an intent that is not open: nothing is settled twice.
    /// </summary>
    /// <param name="replaced">What now stands in the slot; null where nothing was replaced.</param>
    /// <param name="unclosed">For a commit that has a marker.</param>
    /// <param name="keep">How many retained versions of the name are kept; those beyond are surplus.</param>
    public long Settle(Intent intent, VersionRow version, ReplacedThing? replaced, Unclosed? unclosed, int keep)
    {
        if (!DeleteIntent(intent.Id))
            throw new InvalidOperationException($"There is no open intent {intent.Id}.");
        bool rollback = intent.Operation == Operation.Rollback;
        bool remove = intent.Operation == Operation.Remove;

        bool retained = replaced is { IsLiveRow: true } && Retain(intent.LiveSequence, intent.Id, rollback);
        if (!retained)
        {
            if (replaced is not null)
                AddStranger(intent, version, replaced, rollback);
            if (intent.LiveSequence != 0)
                SetState(intent.LiveSequence, VersionState.Deleted);
        }
        if (intent.FromSequence != 0)
        {
            Recount(intent.FromSequence, VersionState.Deleted);
            Use(ref _became, "UPDATE versions SET state = 4, became = ? WHERE sequence = ?").Add(version.Number).Add(intent.FromSequence).Run();
        }

        long sequence = InsertVersion(version, remove ? VersionState.Deleted : VersionState.Live);
        SetLive(version.Vault, version.Name, remove ? 0 : version.Number, remove ? 0 : sequence);
        if (intent.HoldReason is not null)
            SetHold(version.Vault, version.Name, intent.HoldReason);
        if (unclosed is not null)
            InsertUnclosed(unclosed);
        if (replaced is not null)
            FlagSurplus(version.Vault, version.Name, keep);
        return sequence;
    }

    /// <summary>A request that was refused, with or without an intent. Tells the failure's sequence.</summary>
    public long Fail(FailureRow failure, SlotId? intent, Unclosed? unclosed)
    {
        if (intent is { } id)
            DropIntent(id);
        if (unclosed is not null)
            InsertUnclosed(unclosed);
        long sequence = NextSequence();
        Use(ref _insertFailure, $"INSERT INTO failures({FailureColumns}, clock) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .Add(sequence).Add(_words.IdOf(failure.Route)).Add(failure.Name).Add((long)failure.Door)
            .Add(failure.Reason.WireName()).Add(failure.Message).Add(TicksOf(failure.At)).Add(failure.Uid).Add(failure.RequestId)
            .Add(Clock.Ticks)
            .Run();
        return sequence;
    }

    public void InsertUnclosed(Unclosed unclosed)
    {
        Statement insert = Use(ref _insertUnclosed, """
            INSERT OR REPLACE INTO unclosed(id, vault, route, staging, source, marker, marker_seconds, marker_nanoseconds, marker_size, succeeded, receipt, item)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        insert
            .Add(unclosed.Id.Value)
            .Add(_words.IdOf(unclosed.Vault)).Add(_words.IdOf(unclosed.Route)).Add(_words.IdOf(unclosed.Staging))
            .Add(unclosed.Source.Bytes);
        AddMarker(insert, unclosed.Marker).Add(unclosed.Succeeded).Add(unclosed.Receipt).Add(unclosed.Item.ToBytes()).Run();
    }

    /// <summary>The marker is gone for good.</summary>
    public void Close(SlotId id) => Use(ref _close, "DELETE FROM unclosed WHERE id = ?").Add(id.Value).Run();

    public IReadOnlyList<Unclosed> UnclosedOf(string staging)
    {
        var found = new List<Unclosed>();
        Statement row = Use(ref _unclosedOf, """
            SELECT id, vault, route, staging, source, marker, marker_seconds, marker_nanoseconds, marker_size, succeeded, receipt, item
            FROM unclosed WHERE staging = ? ORDER BY id
            """).Add(_words.KnownIdOf(staging));
        while (row.Next())
        {
            found.Add(new Unclosed(
                new SlotId(row.ReadLong()), _words.Of(row.ReadLong()), _words.Of(row.ReadLong()), _words.Of(row.ReadLong()),
                ReadName(row), ReadMarker(row), row.ReadBool(), row.ReadTextOrNull())
            { Item = ReadIdentity(row) });
        }
        return found;
    }

    private bool Retain(long sequence, SlotId slot, bool rolledBack)
    {
        Recount(sequence, VersionState.Retained);
        return Use(ref _retain, "UPDATE versions SET state = 2, slot = ?, replaced_clock = ?, rolled_back = ?, surplus = 0 WHERE sequence = ?")
            .Add(slot.Value).Add(Clock.Ticks).Add(rolledBack).Add(sequence).Run() == 1;
    }

    // What no commit put there is retained like a version, with number 0.
    private void AddStranger(Intent intent, VersionRow version, ReplacedThing thing, bool rolledBack) =>
        InsertVersion(new VersionRow
        {
            Vault = version.Vault,
            Route = version.Route,
            Name = version.Name,
            Number = 0,
            State = VersionState.Retained,
            Slot = intent.Id,
            Identity = thing.Identity,
            Kind = thing.Kind,
            CommittedAt = version.CommittedAt,
            ReplacedClock = Clock,
            Door = intent.Door,
            RolledBack = rolledBack,
        }, VersionState.Retained);

    // Those that are surplus already are not looked at again: there may be many while KeepFor has not passed.
    private void FlagSurplus(string vault, string name, int keep)
    {
        Statement beyond = Use(ref _beyondKeep, """
            SELECT sequence FROM versions WHERE vault = ? AND name = ? AND state = 2 AND surplus = 0 ORDER BY slot DESC LIMIT -1 OFFSET ?
            """).Add(_words.KnownIdOf(vault)).Add(name).Add(keep);
        List<long>? found = null;
        while (beyond.Next())
            (found ??= []).Add(beyond.ReadLong());
        foreach (long sequence in found ?? [])
            Use(ref _flagSurplus, "UPDATE versions SET surplus = 1 WHERE sequence = ?").Add(sequence).Run();
    }
}
