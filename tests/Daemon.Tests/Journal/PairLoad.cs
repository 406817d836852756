using static AtomikD.Journal.JournalFolder;

namespace AtomikD.Journal;

/// <summary>Commits to a journal until it is stopped: each transaction gives two names the same number.</summary>
internal sealed class PairLoad : IDisposable
{
    private const int Names = 50;

    private readonly CommitJournal _journal;
    private readonly Thread _thread;
    private readonly CountdownEvent _begun = new(10);
    private volatile bool _isStopped;
    private long _done;

    public PairLoad(CommitJournal journal)
    {
        _journal = journal;
        _thread = new Thread(Run);
        _thread.Start();
        _begun.Wait();
        DoneBefore = Done;
    }

    /// <summary>When the load had begun.</summary>
    public long DoneBefore { get; }

    /// <summary>Committed until now; one more may be on the way.</summary>
    public long Done => Interlocked.Read(ref _done);

    public void Stop()
    {
        _isStopped = true;
        _thread.Join();
    }

    public void Dispose()
    {
        Stop();
        _begun.Dispose();
    }

    private void Run()
    {
        for (int n = 0; !_isStopped; n++)
        {
            string number = $"{n % Names}";
            _journal.Write(true, session => Commit(_journal, session, $"left-{number}", 2) + Commit(_journal, session, $"right-{number}", 2));
            Interlocked.Increment(ref _done);
            if (!_begun.IsSet)
                _begun.Signal();
        }
    }
}
