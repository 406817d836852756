using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Journal;

/// <summary>
/// The journal within one transaction: only to be used inside the callback that it was handed to. A callback may be run
/// twice (a transaction that met a full disk is tried again), and sees what the callbacks before it have written.
/// </summary>
internal sealed partial class JournalSession
{
    private readonly Store _store;
    private readonly Words _words;
    private bool _open;

    public JournalSession(Store store)
    {
        _store = store;
        _words = new Words(store);
    }

    /// <summary>The journal's own clock; one moment for the whole transaction.</summary>
    public TimeSpan Clock { get; private set; }

    /// <summary>The last sequence given out, committed or not.</summary>
    internal long LastSequence { get; set; }

    /// <summary>No sequence of this run is below.</summary>
    internal long LeastSequence { get; set; }

    internal void Open(TimeSpan clock)
    {
        Clock = clock;
        _open = true;
    }

    internal void Close() => _open = false;

    /// <summary>What was written since the savepoint or the beginning is gone, and with it words that were new.</summary>
    internal void WentBack()
    {
        _words.Forget();
        _counts.Clear();
    }

    private long NextSequence() => LastSequence = Math.Max(LastSequence + 1, LeastSequence);

    private Statement Use(ref Statement? slot, string sql)
    {
        if (!_open)
            throw new InvalidOperationException("The journal's session is only valid inside the callback that it was handed to.");
        return (slot ??= _store.Prepare(sql)).Begin();
    }

    // Times as the tables keep them.
    private static long TicksOf(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    private static DateTimeOffset TimeOf(long ticks) => DateTimeOffset.UnixEpoch.AddTicks(ticks);

    private static Identity ReadIdentity(Statement row) => Identity.FromBytes(row.ReadBytes());

    private static Name ReadName(Statement row)
    {
        ReadOnlySpan<byte> bytes = row.ReadBytes();
        return bytes.IsEmpty ? Name.Empty : Name.Of(bytes);
    }

    private static Statement AddMarker(Statement statement, in MarkerIdentity marker) => statement
        .Add(marker.File.ToBytes())
        .Add(marker.Modified.Seconds)
        .Add(marker.Modified.Nanoseconds)
        .Add(marker.Size);

    private static MarkerIdentity ReadMarker(Statement row) => new(
        ReadIdentity(row),
        new Timestamp(row.ReadLong(), (uint)row.ReadLong()),
        row.ReadLong());
}
