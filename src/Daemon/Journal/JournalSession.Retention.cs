namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private Statement? _due;
    private Statement? _countDue;
    private Statement? _firstSurplus;
    private Statement? _recomputeSurplus;
    private Statement? _retainedTotals;
    private Statement? _count;
    private Statement? _beginCount;

    /// <summary>By vault: how the totals change by what this piece of work has done so far.</summary>
    private readonly Dictionary<long, (long Versions, long Bytes)> _counts = [];

    /// <summary>
    /// Retained versions that policy no longer protects, those replaced first come first. <paramref name="after"/> goes on
    /// behind a row of the last answer, so that what cannot be deleted stands in nobody's way.
    /// </summary>
    public IReadOnlyList<VersionRow> Due(string vault, TimeSpan keepFor, int limit, VersionRow? after = null) =>
        ReadAll(Use(ref _due, $"""
            SELECT {VersionColumns} FROM versions v
            WHERE v.vault = ? AND v.state = 2 AND v.surplus = 1 AND v.replaced_clock <= ? AND (v.replaced_clock, v.sequence) > (?, ?)
            ORDER BY v.replaced_clock, v.sequence LIMIT ?
            """)
            .Add(_words.KnownIdOf(vault)).Add((Clock - keepFor).Ticks)
            .Add(after?.ReplacedClock.Ticks ?? -1).Add(after?.Sequence ?? 0).Add(limit));

    /// <summary>When the first of those was replaced that only their age protects; null where there is none.</summary>
    public TimeSpan? FirstSurplus(string vault)
    {
        Statement row = Use(ref _firstSurplus, "SELECT replaced_clock FROM versions WHERE vault = ? AND state = 2 AND surplus = 1 ORDER BY replaced_clock LIMIT 1")
            .Add(_words.KnownIdOf(vault));
        if (!row.Next())
            return null;
        TimeSpan first = TimeSpan.FromTicks(row.ReadLong());
        row.Reset();
        return first;
    }

    /// <summary>How many policy no longer protects; counting stops at <paramref name="limit"/>.</summary>
    public long CountDue(string vault, TimeSpan keepFor, int limit)
    {
        Statement row = Use(ref _countDue, "SELECT count(*) FROM (SELECT 1 FROM versions WHERE vault = ? AND state = 2 AND surplus = 1 AND replaced_clock <= ? LIMIT ?)")
            .Add(_words.KnownIdOf(vault)).Add((Clock - keepFor).Ticks).Add(limit);
        row.Next();
        long count = row.ReadLong();
        row.Reset();
        return count;
    }

    /// <summary>After a change of Keep. It holds for all that the vault retains, under whatever route name it came.</summary>
    public void RecomputeSurplus(string vault, string route, int keep) =>
        Use(ref _recomputeSurplus, """
            UPDATE versions SET surplus = ranked.surplus
            FROM (SELECT sequence, row_number() OVER (PARTITION BY name ORDER BY slot DESC) > ? AS surplus
                  FROM versions WHERE vault = ? AND state = 2) AS ranked
            WHERE versions.sequence = ranked.sequence AND versions.surplus <> ranked.surplus
            """).Add(keep).Add(_words.KnownIdOf(vault)).Run();

    public (long Versions, long Bytes) RetainedTotals(string vault)
    {
        SaveCounts();
        Statement row = Use(ref _retainedTotals, "SELECT versions, bytes FROM totals WHERE vault = ?").Add(_words.KnownIdOf(vault));
        if (!row.Next())
            return default;
        (long, long) totals = (row.ReadLong(), row.ReadLong());
        row.Reset();
        return totals;
    }

    private void Count(long vault, long bytes, int more)
    {
        if (more == 0)
            return;
        (long versions, long sum) = _counts.GetValueOrDefault(vault);
        _counts[vault] = (versions + more, sum + more * bytes);
    }

    /// <summary>At the end of each piece of work: a batch changes the totals once, not once for each of its commits.</summary>
    internal void SaveCounts()
    {
        foreach ((long vault, (long versions, long bytes)) in _counts)
        {
            if (Use(ref _count, "UPDATE totals SET versions = versions + ?, bytes = bytes + ? WHERE vault = ?").Add(versions).Add(bytes).Add(vault).Run() == 0)
                Use(ref _beginCount, "INSERT INTO totals(versions, bytes, vault) VALUES (?, ?, ?)").Add(versions).Add(bytes).Add(vault).Run();
        }
        _counts.Clear();
    }
}
