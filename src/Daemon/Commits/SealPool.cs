using System.Collections.Concurrent;

namespace AtomikD.Commits;

/// <summary>
/// A few threads beside the lanes for what is long: large trees, checksums, copies. What fails here fails its own item; a
/// request that finds every worker busy waits its turn without holding up the lane.
/// </summary>
internal sealed class SealPool : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly List<Thread> _threads = [];
    private readonly CancellationTokenSource _stop = new();

    public SealPool(int workers)
    {
        for (int i = 0; i < workers; i++)
        {
            var thread = new Thread(Loop) { IsBackground = true, Name = $"seal {i}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>No worker: everything is done by the caller, in order. For tests that count system calls.</summary>
    public bool IsInline => _threads.Count == 0;

    /// <summary>Whoever works here ends soon after it is set, and leaves what it has claimed to the next start.</summary>
    public CancellationToken Stop => _stop.Token;

    public void StopAfter(TimeSpan patience) => _stop.CancelAfter(patience);

    public void Add(Action work)
    {
        if (IsInline)
            work();
        else
            _work.Add(work);
    }

    private void Loop()
    {
        foreach (Action work in _work.GetConsumingEnumerable())
            work();
    }

    /// <summary>Waits for what is in work; what has not begun is run too, and ends at once where it sees the stop.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _threads.ForEach(thread => thread.Join());
        _work.Dispose();
        _stop.Dispose();
    }
}
