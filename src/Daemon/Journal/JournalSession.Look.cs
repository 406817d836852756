namespace AtomikD.Journal;

/// <summary>What a status page asks for: each answer is bounded, so that no commit waits for whoever looks.</summary>
internal sealed partial class JournalSession
{
    /// <summary>Rows looked at for one answer.</summary>
    private const int LookLimit = 2000;

    private Statement? _countLive;
    private Statement? _newestLive;
    private Statement? _retainedNumbers;
    private Statement? _standingNewest;

    /// <summary>Names of a vault that have a live version, up to a limit.</summary>
    public long CountLive(string vault, int limit) =>
        CountOf(Use(ref _countLive, "SELECT count(*) FROM (SELECT 1 FROM names WHERE vault = ? AND live IS NOT NULL LIMIT ?)")
            .Add(_words.KnownIdOf(vault)).Add(limit));

    /// <summary>Live versions, the newest first, as far as they are among the newest rows.</summary>
    public IReadOnlyList<VersionRow> NewestLive(string vault, int limit) =>
        ReadAll(Use(ref _newestLive, $"""
            SELECT {VersionColumns} FROM versions v WHERE v.sequence IN (
                SELECT sequence FROM (SELECT sequence, state FROM versions WHERE vault = ? AND state <> 4 ORDER BY sequence DESC LIMIT {LookLimit})
                WHERE state = 1 LIMIT ?)
            ORDER BY v.sequence DESC
            """).Add(_words.KnownIdOf(vault)).Add(limit));

    /// <summary>Numbers of a name's retained versions, the one replaced last first.</summary>
    public IReadOnlyList<long> RetainedNumbers(string vault, string name, int limit)
    {
        var numbers = new List<long>();
        Statement row = Use(ref _retainedNumbers,
            "SELECT number FROM versions WHERE vault = ? AND name = ? AND state = 2 ORDER BY surplus, slot DESC LIMIT ?")
            .Add(_words.KnownIdOf(vault)).Add(name).Add(limit);
        while (row.Next())
            numbers.Add(row.ReadLong());
        return numbers;
    }

    /// <summary>Live and retained versions, the newest first.</summary>
    public IReadOnlyList<VersionRow> NewestStanding(string vault) =>
        ReadAll(Use(ref _standingNewest, $"SELECT {VersionColumns} FROM versions v WHERE v.vault = ? AND v.state <> 4 ORDER BY v.sequence DESC LIMIT {LookLimit}")
            .Add(_words.KnownIdOf(vault)));

    private static long CountOf(Statement row)
    {
        row.Next();
        long count = row.ReadLong();
        row.Reset();
        return count;
    }
}
