using AtomikD.Versions;

namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private const string VersionColumns = """
        v.sequence, v.vault, v.route, v.name, v.number, v.state, v.slot, v.identity, v.kind, v.files, v.bytes,
        v.committed_at, v.replaced_clock, v.durable, v.door, v.operation, v.uid, v.labels, v.request_id, v.sha256,
        v.replaced, v.rolled_back, v.became
        """;

    private Statement? _insertVersion;
    private Statement? _find;
    private Statement? _findSuccess;
    private Statement? _newestRetained;
    private Statement? _retainedOfNumber;
    private Statement? _stateOf;
    private Statement? _setState;
    private Statement? _makeLive;
    private Statement? _standing;

    public VersionRow? Find(long sequence) =>
        ReadOne(Use(ref _find, $"SELECT {VersionColumns} FROM versions v WHERE v.sequence = ?").Add(sequence));

    /// <summary>The newest commit of a route with this request id: it answers again.</summary>
    public VersionRow? FindSuccess(string route, string requestId) =>
        ReadOne(Use(ref _findSuccess,
            $"SELECT {VersionColumns} FROM versions v WHERE v.route = ? AND v.request_id = ? ORDER BY v.sequence DESC LIMIT 1")
            .Add(_words.KnownIdOf(route)).Add(requestId));

    /// <summary>
    /// What a rollback would bring back. Number 0: the one replaced last that no rollback has taken down, so that asking twice
    /// never brings the bad one back. Else the one with that number.
    /// </summary>
    public VersionRow? RollbackTarget(string vault, string name, long to) => to == 0
        ? ReadOne(Use(ref _newestRetained, $"""
            SELECT {VersionColumns} FROM versions v WHERE v.vault = ? AND v.name = ? AND v.state = 2 AND v.rolled_back = 0
            ORDER BY v.surplus, v.slot DESC LIMIT 1
            """).Add(_words.KnownIdOf(vault)).Add(name))
        : ReadOne(Use(ref _retainedOfNumber, $"""
            SELECT {VersionColumns} FROM versions v WHERE v.vault = ? AND v.name = ? AND v.state = 2 AND v.number = ?
            ORDER BY v.surplus, v.slot DESC LIMIT 1
            """).Add(_words.KnownIdOf(vault)).Add(name).Add(to));

    /// <summary>Retained to Leaving, by whoever comes first: false for the second.</summary>
    public bool Take(long sequence) => Move(sequence, VersionState.Retained, VersionState.Leaving);

    /// <summary>Leaving to Retained: it still stands in its slot.</summary>
    public void Return(long sequence) => Move(sequence, VersionState.Leaving, VersionState.Retained);

    /// <summary>It stands nowhere any more.</summary>
    public void MarkDeleted(long sequence)
    {
        if (Find(sequence) is not { } version)
            return;
        SetState(sequence, VersionState.Deleted);
        DropLive(version);
    }

    /// <summary>A publish was lost with the power: what it had replaced is live again. The lost one's number stays used.</summary>
    public void MakeLive(long sequence)
    {
        if (Find(sequence) is not { } version)
            return;
        Recount(sequence, VersionState.Live);
        Use(ref _makeLive, """
            UPDATE versions SET state = 1, slot = 0, replaced_clock = 0, rolled_back = 0, became = 0, surplus = 0 WHERE sequence = ?
            """).Add(sequence).Run();
        SetLive(version.Vault, version.Name, version.Number, sequence);
    }

    /// <summary>Live, retained and leaving versions by sequence, a page at a time: recovery compares them with what stands.</summary>
    public IReadOnlyList<VersionRow> Standing(string vault, long afterSequence, int limit) =>
        ReadAll(Use(ref _standing, $"""
            SELECT {VersionColumns} FROM versions v WHERE v.vault = ? AND v.state <> 4 AND v.sequence > ? ORDER BY v.sequence LIMIT ?
            """).Add(_words.KnownIdOf(vault)).Add(afterSequence).Add(limit));

    private void SetState(long sequence, VersionState state)
    {
        if (Recount(sequence, state) != state)
            Use(ref _setState, "UPDATE versions SET state = ? WHERE sequence = ?").Add((long)state).Add(sequence).Run();
    }

    private bool Move(long sequence, VersionState from, VersionState to)
    {
        if (StateOf(sequence, out _, out _) != from)
            return false;
        SetState(sequence, to);
        return true;
    }

    // Comes before every change of a state: the vault's totals go with it. Tells the state that still is; 0 = no such row.
    private VersionState Recount(long sequence, VersionState after)
    {
        VersionState before = StateOf(sequence, out long vault, out long bytes);
        if (before != 0)
            Count(vault, bytes, (after == VersionState.Retained ? 1 : 0) - (before == VersionState.Retained ? 1 : 0));
        return before;
    }

    private VersionState StateOf(long sequence, out long vault, out long bytes)
    {
        Statement row = Use(ref _stateOf, "SELECT state, vault, bytes FROM versions WHERE sequence = ?").Add(sequence);
        (vault, bytes) = (0, 0);
        if (!row.Next())
            return 0;
        var state = (VersionState)row.ReadLong();
        (vault, bytes) = (row.ReadLong(), row.ReadLong());
        row.Reset();
        return state;
    }

    private long InsertVersion(VersionRow version, VersionState state)
    {
        long sequence = NextSequence();
        Use(ref _insertVersion, """
            INSERT INTO versions(sequence, vault, route, name, number, state, slot, identity, kind, files, bytes,
                committed_at, replaced_clock, durable, door, operation, uid, labels, request_id, sha256,
                replaced, rolled_back, became, clock)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
            .Add(sequence)
            .Add(_words.IdOf(version.Vault)).Add(_words.IdOf(version.Route)).Add(version.Name)
            .Add(version.Number).Add((long)state).Add(version.Slot.Value)
            .Add(version.Identity.ToBytes()).Add((long)version.Kind).Add(version.Files).Add(version.Bytes)
            .Add(TicksOf(version.CommittedAt)).Add(version.ReplacedClock.Ticks)
            .Add(version.Durable).Add((long)version.Door).Add((long)version.Operation).Add(version.Uid)
            .Add(JournalJson.OfLabels(version.Labels)).Add(version.RequestId).Add(version.Sha256)
            .Add(version.Replaced).Add(version.RolledBack).Add(version.Became)
            .Add(Clock.Ticks)
            .Run();
        if (state == VersionState.Retained)
            Count(_words.IdOf(version.Vault), version.Bytes, 1);
        return sequence;
    }

    private VersionRow? ReadOne(Statement row)
    {
        if (!row.Next())
            return null;
        VersionRow version = ReadVersion(row);
        row.Reset();
        return version;
    }

    private List<VersionRow> ReadAll(Statement row)
    {
        var found = new List<VersionRow>();
        while (row.Next())
            found.Add(ReadVersion(row));
        return found;
    }

    private VersionRow ReadVersion(Statement row) => new()
    {
        Sequence = row.ReadLong(),
        Vault = _words.Of(row.ReadLong()),
        Route = _words.Of(row.ReadLong()),
        Name = row.ReadText(),
        Number = row.ReadLong(),
        State = (VersionState)row.ReadLong(),
        Slot = new SlotId(row.ReadLong()),
        Identity = ReadIdentity(row),
        Kind = (ItemKind)row.ReadLong(),
        Files = row.ReadLong(),
        Bytes = row.ReadLong(),
        CommittedAt = TimeOf(row.ReadLong()),
        ReplacedClock = TimeSpan.FromTicks(row.ReadLong()),
        Durable = row.ReadBool(),
        Door = (Door)row.ReadLong(),
        Operation = (Operation)row.ReadLong(),
        Uid = (uint)row.ReadLong(),
        Labels = JournalJson.LabelsOf(row.ReadTextOrNull()),
        RequestId = row.ReadTextOrNull(),
        Sha256 = row.ReadTextOrNull(),
        Replaced = row.ReadLong(),
        RolledBack = row.ReadBool(),
        Became = row.ReadLong(),
    };
}
