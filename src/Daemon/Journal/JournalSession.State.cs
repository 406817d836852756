using AtomikD.Versions;

namespace AtomikD.Journal;

internal sealed partial class JournalSession
{
    private Statement? _saveState;
    private Statement? _beginRun;
    private Statement? _dropOldPoison;
    private Statement? _recordStop;
    private Statement? _historyFrom;
    private Statement? _raiseHistoryFrom;

    /// <summary>History is whole above this sequence; a reader that stopped below it has missed something.</summary>
    public long HistoryFrom
    {
        get
        {
            Statement row = Use(ref _historyFrom, "SELECT history_from FROM state");
            long from = row.Next() ? row.ReadLong() : 0;
            row.Reset();
            return from;
        }
    }

    /// <summary>What goes with every transaction that changed anything.</summary>
    internal void SaveState(DateTimeOffset now, SlotId lastSlot) =>
        Use(ref _saveState, "UPDATE state SET clock = ?, seen_at = ?, last_slot = max(last_slot, ?), last_sequence = ?")
            .Add(Clock.Ticks).Add(TicksOf(now)).Add(lastSlot.Value).Add(LastSequence).Run();

    /// <summary>From here on the run counts as not ended in order, until <see cref="RecordStop"/>.</summary>
    internal void BeginRun(string boot, DateTimeOffset now, DateTimeOffset? earlierSyncedAt)
    {
        Statement begin = Use(ref _beginRun, "UPDATE state SET boot = ?, seen_at = ?, stopped_at = NULL, earlier_synced_at = ?")
            .Add(boot).Add(TicksOf(now));
        _ = earlierSyncedAt is { } at ? begin.Add(TicksOf(at)) : begin.AddNull();
        begin.Run();
        Use(ref _dropOldPoison, "DELETE FROM poisoned WHERE boot <> ?").Add(_words.IdOf(boot)).Run();
        _boot = boot;
    }

    internal void RecordStop(DateTimeOffset now) =>
        Use(ref _recordStop, "UPDATE state SET stopped_at = ?").Add(TicksOf(now)).Run();

    internal void RaiseHistoryFrom(long sequence) =>
        Use(ref _raiseHistoryFrom, "UPDATE state SET history_from = max(history_from, ?)").Add(sequence).Run();
}
