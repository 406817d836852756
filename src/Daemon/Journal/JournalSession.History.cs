using System.Collections.Frozen;
using AtomikD.Commits;

namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private const string FailureColumns = "sequence, route, name, door, reason, message, at, uid, request_id";

    private static readonly FrozenDictionary<string, Reason> s_reasons = Enum.GetValues<Reason>().ToFrozenDictionary(r => r.WireName());

    private Statement? _listOfRoute;
    private Statement? _listOfName;
    private Statement? _successesAfter;
    private Statement? _successesOfRoute;
    private Statement? _successesOfName;
    private Statement? _failuresBefore;
    private Statement? _liveSequences;
    private Statement? _pruneVersions;
    private Statement? _pruneFailures;

    /// <summary>Newest first, below a sequence; 0 = from the newest on. Strangers' things are among them, with number 0.</summary>
    /// <param name="isWhole">Also those that stand nowhere any more.</param>
    public IReadOnlyList<VersionRow> ListVersions(string route, string? name, int limit, long beforeSequence, bool isWhole = true)
    {
        long before = beforeSequence > 0 ? beforeSequence : long.MaxValue;
        long id = _words.KnownIdOf(route);
        long hidden = isWhole ? 0 : (long)VersionState.Deleted;
        return ReadAll(name is null
            ? Use(ref _listOfRoute,
                $"SELECT {VersionColumns} FROM versions v WHERE v.route = ? AND v.operation <> 3 AND v.state <> ? AND v.sequence < ? ORDER BY v.sequence DESC LIMIT ?")
                .Add(id).Add(hidden).Add(before).Add(limit)
            : Use(ref _listOfName,
                $"SELECT {VersionColumns} FROM versions v WHERE v.route = ? AND v.name = ? AND v.operation <> 3 AND v.state <> ? AND v.sequence < ? ORDER BY v.sequence DESC LIMIT ?")
                .Add(id).Add(name).Add(hidden).Add(before).Add(limit));
    }

    /// <summary>Commits, rollbacks and removes of all routes in their order; what strangers had put somewhere is none of them.</summary>
    public IReadOnlyList<VersionRow> SuccessesAfter(long sequence, int limit) =>
        ReadAll(Use(ref _successesAfter, $"""
            SELECT {VersionColumns} FROM versions v WHERE v.sequence > ? AND (v.number > 0 OR v.operation = 3) ORDER BY v.sequence LIMIT ?
            """).Add(sequence).Add(limit));

    /// <summary>As <see cref="SuccessesAfter"/>, of one route, newest first, below a sequence.</summary>
    public IReadOnlyList<VersionRow> SuccessesBefore(string route, string? name, long before, int limit)
    {
        long id = _words.KnownIdOf(route);
        return ReadAll(name is null
            ? Use(ref _successesOfRoute, $"""
                SELECT {VersionColumns} FROM versions v WHERE v.route = ? AND v.sequence < ? AND (v.number > 0 OR v.operation = 3)
                ORDER BY v.sequence DESC LIMIT ?
                """).Add(id).Add(before).Add(limit)
            : Use(ref _successesOfName, $"""
                SELECT {VersionColumns} FROM versions v WHERE v.route = ? AND v.name = ? AND v.sequence < ? AND (v.number > 0 OR v.operation = 3)
                ORDER BY v.sequence DESC LIMIT ?
                """).Add(id).Add(name).Add(before).Add(limit));
    }

    /// <summary>What was refused on one route, newest first, below a sequence.</summary>
    public IReadOnlyList<FailureRow> FailuresBefore(string route, string? name, long before, int limit)
    {
        var found = new List<FailureRow>();
        Statement row = Use(ref _failuresBefore, $"""
            SELECT {FailureColumns} FROM failures WHERE route = ? AND (? IS NULL OR name = ?) AND sequence < ? ORDER BY sequence DESC LIMIT ?
            """).Add(_words.KnownIdOf(route)).Add(name).Add(name).Add(before).Add(limit);
        while (row.Next())
        {
            found.Add(new FailureRow
            {
                Sequence = row.ReadLong(),
                Route = _words.Of(row.ReadLong()),
                Name = row.ReadText(),
                Door = (Door)row.ReadLong(),
                Reason = s_reasons[row.ReadText()],
                Message = row.ReadText(),
                At = TimeOf(row.ReadLong()),
                Uid = (uint)row.ReadLong(),
                RequestId = row.ReadTextOrNull(),
            });
        }
        return found;
    }

    /// <summary>The sequences of a vault's live versions, in their order.</summary>
    public IReadOnlyList<long> LiveSequences(string vault)
    {
        var found = new List<long>();
        Statement row = Use(ref _liveSequences, "SELECT sequence FROM versions WHERE vault = ? AND state <> 4 AND state = 1 ORDER BY sequence")
            .Add(_words.KnownIdOf(vault));
        while (row.Next())
            found.Add(row.ReadLong());
        return found;
    }

    /// <summary>
    /// Deletes history that is older by the journal's clock: failures, and versions that stand nowhere any more. Names keep
    /// their last number, so none is issued again. Tells how many rows went; fewer than the limit = nothing is left to do.
    /// </summary>
    public int PruneHistory(TimeSpan keepFor, int limit)
    {
        long before = (Clock - keepFor).Ticks;
        int pruned = Prune(Use(ref _pruneVersions, """
            DELETE FROM versions WHERE sequence IN (SELECT sequence FROM versions WHERE state = 4 AND clock <= ? ORDER BY clock LIMIT ?)
            RETURNING sequence
            """).Add(before).Add(limit));
        if (pruned < limit)
            pruned += Prune(Use(ref _pruneFailures, """
                DELETE FROM failures WHERE sequence IN (SELECT sequence FROM failures WHERE clock <= ? ORDER BY clock LIMIT ?)
                RETURNING sequence
                """).Add(before).Add(limit - pruned));
        return pruned;
    }

    private int Prune(Statement deleted)
    {
        int count = 0;
        long newest = 0;
        for (; deleted.Next(); count++)
            newest = Math.Max(newest, deleted.ReadLong());
        if (newest > 0)
            RaiseHistoryFrom(newest);
        return count;
    }
}
