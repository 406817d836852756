using System.Collections.Concurrent;
using AtomikD.Linux;

namespace AtomikD.Commits;

/// <summary>
/// Items of a route that were claimed and put back. The rename changed their ctime, so that they look as if their producer had
/// changed them later than the marker: theirs is known here until they change again.
/// </summary>
internal sealed class PutBacks
{
    /// <summary>Beyond it all are forgotten: those items are asked for a newer marker, nothing worse.</summary>
    private const int Limit = 10_000;

    private readonly ConcurrentDictionary<Name, Entry> _entries = new();

    private readonly record struct Entry(Timestamp Changed, bool WasLookedAt);

    /// <param name="wasLookedAt">It is what was admitted; else of its last change only the mtime tells.</param>
    public void Note(Name source, Timestamp changed, bool wasLookedAt)
    {
        if (_entries.Count >= Limit)
            _entries.Clear();
        _entries[source] = new Entry(changed, wasLookedAt);
    }

    public bool Has(Name source, Timestamp changed, out bool wasLookedAt)
    {
        wasLookedAt = true;
        if (_entries.IsEmpty || !_entries.TryGetValue(source, out Entry entry))
            return false;
        wasLookedAt = entry.WasLookedAt;
        return entry.Changed == changed;
    }

    public void Forget(Name source)
    {
        if (!_entries.IsEmpty)
            _entries.TryRemove(source, out _);
    }
}
