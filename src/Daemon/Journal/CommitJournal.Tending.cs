using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Journal;

/// <summary>What is done beside the transactions, when nobody waits if that can be had.</summary>
internal sealed partial class CommitJournal
{
    // Moving the log into the file costs two syncs: done in a pause, or when the log has become far too long.
    private const int PagesForAPause = 1000;
    private const int PagesTooMany = 4000;

    private const long HeapAtRest = 12L << 20;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_saveWhenIdle = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_lookForRoom = TimeSpan.FromSeconds(10);

    private int _logPages;
    private TimeSpan _savedAt;
    private TimeSpan _lookedForRoomAt;

    private bool _isShrunk;

    private TimeSpan Patience =>
        _logPages >= PagesForAPause ? s_pause : !_isShrunk ? s_rest : !_reserve.Stands ? s_lookForRoom : s_saveWhenIdle;

    private void Tend(bool idle)
    {
        _logPages += _store.TakeWrittenPages();
        if (_logPages >= (idle ? PagesForAPause : PagesTooMany))
        {
            Checkpoint();
        }
        else if (idle && !_isShrunk)
        {
            _store.Shrink();
            GiveMemoryBack();
            _isShrunk = true;
        }
        else
        {
            _isShrunk &= idle;
        }
        TimeSpan now = _bootTime();
        if (!_reserve.Stands && now - _lookedForRoomAt >= s_lookForRoom)
        {
            _lookedForRoomAt = now;
            _reserve.MakeAgain();
        }
        if (idle && now - _savedAt >= s_saveWhenIdle)
            Commit([new HandedPost(_logger, session => session.SaveState(_time.GetUtcNow(), LastSlot))]);
    }

    /// <summary>After a burst the heap would keep what the burst took. Nobody waits now; else a collection of this kind holds all threads up.</summary>
    private static void GiveMemoryBack()
    {
        if (GC.GetGCMemoryInfo().TotalCommittedBytes > HeapAtRest)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Malloc.Trim();
    }

    private void Checkpoint()
    {
        // Where it fails all stays in the log, and the next pages bring the next try.
        _logPages = 0;
        if (_store.Checkpoint(truncate: false) is not { } error)
            return;
        JournalLog.CheckpointFailed(_logger, error);
        NoteDiskError(error);
    }
}
