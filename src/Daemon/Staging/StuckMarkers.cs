using System.Collections.Concurrent;
using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;

namespace AtomikD.Staging;

/// <summary>
/// Markers of commits that are decided but whose outcome cannot be told (no room for the receipt, a name that is too long,
/// a read-only staging). They stay, are reported once, and are tried again with back-off. By identity, so that a new
/// marker of the name is a new request.
/// </summary>
internal sealed class StuckMarkers
{
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Name, Entry> _entries = new();

    internal sealed record Entry(Commit Commit, MarkerIdentity Marker, TimeSpan Delay, long DueAt);

    public int Count => _entries.Count;

    /// <summary>Some of their items.</summary>
    public IReadOnlyList<string> Names(int most) => [.. _entries.Keys.Take(most).Select(name => name.ToString()).Order(StringComparer.Ordinal)];

    /// <summary>True the first time: worth a report.</summary>
    public bool Add(Commit commit, MarkerIdentity marker)
    {
        bool isNew = true;
        _entries.AddOrUpdate(commit.Source, _ => Make(s_first), (_, known) =>
        {
            isNew = known.Marker != marker;
            return Make(isNew ? s_first : TimeSpan.FromTicks(Math.Min(known.Delay.Ticks * 2, s_longest.Ticks)));
        });
        return isNew;

        Entry Make(TimeSpan delay) => new(commit, marker, delay, Environment.TickCount64 + (long)delay.TotalMilliseconds);
    }

    /// <summary>Is this marker known to be stuck, and unchanged?</summary>
    public bool Has(Name source, in FileStatus marker) => !_entries.IsEmpty && _entries.TryGetValue(source, out Entry? entry) && entry.Marker.Matches(marker);

    /// <summary>The commit whose outcome was stuck; null where none was.</summary>
    public Commit? Remove(Name source) => _entries.TryRemove(source, out Entry? entry) ? entry.Commit : null;

    /// <summary>Does the telling of this one still matter? A newer request of the name has its own outcome.</summary>
    public bool Holds(Commit commit) => _entries.TryGetValue(commit.Source, out Entry? entry) && entry.Commit == commit;

    /// <summary>Those to be tried now. Each is handed out once, and again only after another delay.</summary>
    public List<Commit> TakeDue()
    {
        long now = Environment.TickCount64;
        var due = new List<Commit>();
        foreach ((Name source, Entry entry) in _entries)
        {
            if (entry.DueAt <= now && _entries.TryUpdate(source, entry with { DueAt = now + (long)entry.Delay.TotalMilliseconds }, entry))
                due.Add(entry.Commit);
        }
        return due;
    }
}
