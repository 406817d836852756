using AtomikD.Versions;

namespace AtomikD.Journal;

internal sealed partial class CommitJournal
{
    /// <summary>Pieces of work in one transaction.</summary>
    private const int MostAtOnce = 4096;

    /// <summary>Pieces that may wait; who hands in more waits too.</summary>
    private const int MostWaiting = 65536;

    private readonly object _gate = new();
    private readonly Thread _thread;
    private readonly List<Handed> _waiting = [];
    private readonly List<Handed> _batch = [];
    private bool _stopping;

    /// <summary>Somebody has the lead: the store, the session and all that belongs to them are that thread's alone.</summary>
    private bool _isLed;
    private volatile int _leader;
    private long _turns;

    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping)
                return;
            _stopping = true;
            Monitor.PulseAll(_gate);
        }
        _thread.Join();
        _copy?.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    /// <summary>Is this thread inside a transaction?</summary>
    public bool IsLedHere => _leader == Environment.CurrentManagedThreadId;

    /// <summary>True where the caller has the lead now: nobody else is at work, so what was handed in waits for no other thread.</summary>
    private bool HandIn(Handed handed, bool mayLead)
    {
        if (IsLedHere)
            throw new InvalidOperationException("Work inside the journal's transaction uses its session.");
        lock (_gate)
        {
            while (_waiting.Count >= MostWaiting && !_stopping)
                Monitor.Wait(_gate);
            ObjectDisposedException.ThrowIf(_stopping, this);
            _waiting.Add(handed);
            if (_isLed)
                return false;
            if (mayLead)
                return _isLed = true;
            Monitor.PulseAll(_gate);
            return false;
        }
    }

    /// <summary>One turn with the lead, on the thread of who blocks for it: everything that waits, as one transaction.</summary>
    private void Lead()
    {
        TakeBatch();
        CommitBatch();
        int before = _logPages;
        _logPages += _store.TakeWrittenPages();
        lock (_gate)
        {
            bool mustTend = _logPages >= PagesTooMany;
            // The thread has to know that it waits for a shorter pause now.
            bool hasNewPatience = _isShrunk || (before < PagesForAPause && _logPages >= PagesForAPause);
            _isShrunk = false;
            GiveLead(mustTend, mustTend || hasNewPatience);
        }
    }

    /// <summary>The thread leads where nobody blocks for the work, and tends the file when there is a pause.</summary>
    private void Loop()
    {
        while (WaitForLead(out bool isIdle))
        {
            TakeBatch();
            if (_batch.Count > 0)
                CommitBatch();
            Tend(isIdle);
            lock (_gate)
                GiveLead(toThread: false, mustWake: false);
        }
    }

    /// <summary>False at the end: what was handed in before it is committed.</summary>
    private bool WaitForLead(out bool isIdle)
    {
        isIdle = false;
        lock (_gate)
        {
            while (_isLed || (_waiting.Count == 0 && _logPages < PagesTooMany))
            {
                if (!_isLed && _stopping)
                    return false;
                long turns = _turns;
                if (!Monitor.Wait(_gate, Patience) && !_isLed && turns == _turns && _waiting.Count == 0 && !_stopping)
                {
                    isIdle = true;
                    break;
                }
            }
            _isLed = true;
            return true;
        }
    }

    private void TakeBatch()
    {
        lock (_gate)
        {
            bool othersWait = _waiting.Count >= MostWaiting;
            int count = Math.Min(_waiting.Count, MostAtOnce);
            // What is done between transactions is done alone, in its turn; who came before it does not wait for it.
            int between = _waiting.FindIndex(0, count, static handed => handed.IsBetween);
            if (between >= 0)
                count = Math.Max(between, 1);
            _batch.AddRange(_waiting[..count]);
            _waiting.RemoveRange(0, count);
            if (othersWait)
                Monitor.PulseAll(_gate);
        }
    }

    private void CommitBatch()
    {
        _leader = Environment.CurrentManagedThreadId;
        if (_batch[0].IsBetween)
            RunBetween(_batch[0]);
        else
            Commit(_batch);
        _leader = 0;
        _batch.Clear();
    }

    /// <summary>To whoever blocks for the next work, who is woken in any case, or else to the thread.</summary>
    private void GiveLead(bool toThread, bool mustWake)
    {
        _turns++;
        if (!toThread && _waiting.Count > 0 && _waiting[0].TakeLead())
            return;
        _isLed = false;
        if (mustWake || _waiting.Count > 0 || _stopping)
            Monitor.PulseAll(_gate);
    }

    private SlotId LastSlot => new(Volatile.Read(ref _lastSlot));
}
