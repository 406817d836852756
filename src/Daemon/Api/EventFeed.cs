using AtomikD.Engine;
using AtomikD.Journal;
using Grpc.Core;

namespace AtomikD.Api;

/// <summary>
/// Commits, rollbacks and removals for those who watch, in the order of the journal and without a gap. The newest are kept
/// in memory, read once for all watchers; who has fallen behind reads from the journal at its own pace. Nobody who commits
/// waits for any of them.
/// </summary>
internal sealed class EventFeed : IDisposable
{
    /// <summary>Events kept in memory.</summary>
    private const int Kept = 4096;
    private const int Page = 512;

    private readonly Lock _lock = new();
    private readonly LinkedList<VersionRow> _newest = [];
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _come = NewSignal();
    private CommitEngine? _engine;
    private int _readers;
    private int _isReading;
    private int _isAsked;

    /// <summary>Everything above it, up to <see cref="_until"/>, is in memory.</summary>
    private long _floor;
    private long _until;

    /// <summary>Begins with what is committed from now on.</summary>
    public Reader Open(CommitEngine engine)
    {
        lock (_lock)
        {
            if (_engine is null)
            {
                _engine = engine;
                engine.HistoryGrew += Ask;
            }
            if (_readers++ == 0)
            {
                _newest.Clear();
                _floor = _until = engine.Journal.LastSequence;
            }
        }
        return new Reader(this, engine.Journal.LastSequence);
    }

    private void Close()
    {
        lock (_lock)
            _readers--;
    }

    /// <summary>Called on a lane's thread for each commit: only says that there is something to read.</summary>
    private void Ask()
    {
        if (Volatile.Read(ref _readers) == 0)
            return;
        Volatile.Write(ref _isAsked, 1);
        if (Interlocked.Exchange(ref _isReading, 1) == 0)
            _ = Task.Run(ReadAsync);
    }

    private async Task ReadAsync()
    {
        do
        {
            while (Interlocked.Exchange(ref _isAsked, 0) == 1 && !_stop.IsCancellationRequested)
            {
                try
                {
                    while (Take(await _engine!.Journal.WriteAsync(durable: false, session => session.SuccessesAfter(_until, Page))))
                    {
                    }
                }
                catch (Exception e) when (e is JournalException or ObjectDisposedException)
                {
                    // The journal tells of it itself; the next commit asks again.
                }
            }
            Volatile.Write(ref _isReading, 0);
        }
        while (Volatile.Read(ref _isAsked) == 1 && Interlocked.Exchange(ref _isReading, 1) == 0);
    }

    /// <summary>True where there may be more.</summary>
    private bool Take(IReadOnlyList<VersionRow> rows)
    {
        if (rows.Count == 0)
            return false;
        TaskCompletionSource come;
        lock (_lock)
        {
            foreach (VersionRow row in rows)
            {
                if (row.Sequence <= _until)
                    continue;
                _newest.AddLast(row);
                _until = row.Sequence;
            }
            while (_newest.Count > Kept)
            {
                _floor = _newest.First!.Value.Sequence;
                _newest.RemoveFirst();
            }
            come = _come;
            _come = NewSignal();
        }
        come.TrySetResult();
        return rows.Count == Page;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>One watcher's place in the sequence.</summary>
    internal sealed class Reader(EventFeed feed, long position) : IDisposable
    {
        /// <summary>All events up to this one have been given.</summary>
        public long Position { get; private set; } = position;

        /// <summary>Goes on after that event.</summary>
        /// <exception cref="RpcException">OUT_OF_RANGE: there would be a gap.</exception>
        public async Task SeekAsync(long sequence, CancellationToken cancellation)
        {
            CommitJournal journal = feed._engine!.Journal;
            long from = await journal.WriteAsync(durable: false, session => session.HistoryFrom).WaitAsync(cancellation);
            if (sequence < from || sequence > journal.LastSequence)
                throw Failures.OutOfRange(sequence, from, journal.LastSequence);
            Position = sequence;
        }

        /// <summary>The next events, at least one.</summary>
        /// <exception cref="RpcException">OUT_OF_RANGE: it has fallen behind the history.</exception>
        public async Task<IReadOnlyList<VersionRow>> NextAsync(int most, CancellationToken cancellation)
        {
            while (true)
            {
                IReadOnlyList<VersionRow> rows = TryMemory(most, out Task come) ?? await ReadJournalAsync(most, cancellation);
                if (rows.Count > 0)
                {
                    Position = rows[^1].Sequence;
                    return rows;
                }
                await come.WaitAsync(cancellation);
            }
        }

        /// <summary>Null where it begins before what is in memory.</summary>
        private List<VersionRow>? TryMemory(int most, out Task come)
        {
            lock (feed._lock)
            {
                come = feed._come.Task;
                if (Position < feed._floor)
                    return null;
                var rows = new List<VersionRow>();
                LinkedListNode<VersionRow>? node = feed._newest.Last;
                while (node?.Previous is { } before && before.Value.Sequence > Position)
                    node = before;
                for (; node is not null && rows.Count < most; node = node.Next)
                {
                    if (node.Value.Sequence > Position)
                        rows.Add(node.Value);
                }
                return rows;
            }
        }

        private async Task<IReadOnlyList<VersionRow>> ReadJournalAsync(int most, CancellationToken cancellation)
        {
            (long from, long until, IReadOnlyList<VersionRow> rows) = await feed._engine!.Journal
                .WriteAsync(durable: false, session => (session.HistoryFrom, session.LastSequence, session.SuccessesAfter(Position, most))).WaitAsync(cancellation);
            if (Position < from)
                throw Failures.OutOfRange(Position, from, feed._engine.Journal.LastSequence);
            // None was left at that moment: what comes after it is in memory, or will be.
            if (rows.Count == 0)
                Position = until;
            return rows;
        }

        public void Dispose() => feed.Close();
    }
}
