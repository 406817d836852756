using AtomikD.Linux;
using AtomikD.Versions;
using Microsoft.Extensions.Logging;

namespace AtomikD.Journal;

/// <summary>
/// What the daemon remembers: intents, versions, history. All lanes hand in their work here, and one at a time commits whatever
/// has come in as one transaction: synced if any of it is durable, else not. The first of those who block for theirs does it
/// for all; a thread of its own does it where nobody blocks, and tends the file.
/// </summary>
internal sealed partial class CommitJournal : IDisposable
{
    private readonly StateFolder _folder;
    private readonly Store _store;
    private readonly JournalSession _session;
    private readonly Reserve _reserve;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<TimeSpan> _bootTime;
    private readonly TimeSpan _savedClock;
    private readonly TimeSpan _openedAt;
    private long _lastSlot;
    private long _lastSequence;

    /// <summary>The file was missing, or was set aside: nothing is known of what stands in the vaults.</summary>
    public bool IsNew { get; private init; }

    /// <summary>Where the damaged file is now; null where none was.</summary>
    public string? WasSetAside { get; private init; }

    /// <summary>Of the run before this one.</summary>
    public PreviousRun Previous { get; private init; }

    /// <summary>Advances with CLOCK_BOOTTIME, stands still between runs; no jump of the wall clock moves it.</summary>
    public TimeSpan Clock => _savedClock + (_bootTime() - _openedAt);

    /// <summary>The newest sequence that is committed.</summary>
    public long LastSequence => Volatile.Read(ref _lastSequence);

    /// <summary>Never issued twice, not even after an older journal was put back.</summary>
    public SlotId NextSlot()
    {
        while (true)
        {
            long last = Volatile.Read(ref _lastSlot);
            long next = Math.Max(last + 1, Microseconds(_time.GetUtcNow()));
            if (Interlocked.CompareExchange(ref _lastSlot, next, last) == last)
                return new SlotId(next);
        }
    }

    /// <summary>
    /// Blocks until the work is committed, and on the disk if durable. What the work throws is thrown here and undoes only
    /// that work; a JournalException means that nothing of the transaction was taken. The work may be run twice.
    /// </summary>
    public T Write<T>(bool durable, Func<JournalSession, T> work)
    {
        var call = new HandedCall<T>(durable, work);
        if (HandIn(call, mayLead: true) || call.WaitLeads())
            Lead();
        return call.Wait();
    }

    /// <summary>As <see cref="Write"/>, awaited.</summary>
    public Task<T> WriteAsync<T>(bool durable, Func<JournalSession, T> work)
    {
        var task = new HandedTask<T>(durable, work);
        HandIn(task, mayLead: false);
        return task.Task;
    }

    /// <summary>Not durable, and nobody waits; what goes wrong is logged.</summary>
    public void Post(Action<JournalSession> work) => HandIn(new HandedPost(_logger, work), mayLead: false);

    /// <summary>The last words of a run that has synced what was written: admission has ended, nothing follows.</summary>
    /// <param name="syncedUntil">All that was written before that moment is on the disk; null = now.</param>
    public void RecordOrderlyStop(DateTimeOffset? syncedUntil = null) => Write(durable: true, session =>
    {
        session.RecordStop(syncedUntil ?? _time.GetUtcNow());
        return true;
    });

    private static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
