using AtomikD.Routes;

namespace AtomikD.Commits;

/// <summary>
/// Requests that wait: for a writer to close, for the predecessor of one of their names. They have no intent and nothing
/// in the vault, and cost no thread.
/// </summary>
internal sealed class WaitingRoom
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Commit, long> _turns = new();

    /// <summary>Those that are parked, each with the staging name that it goes on holding.</summary>
    private readonly Dictionary<Commit, WorkKey?> _parked = [];
    private readonly Dictionary<WorkKey, Commit> _parkedAt = [];

    /// <summary>The names in work, each with those that wait for it.</summary>
    private readonly Dictionary<WorkKey, Queue<Commit>?> _inWork = [];

    public int ParkedCount
    {
        get
        {
            lock (_lock)
                return _parked.Count;
        }
    }

    /// <summary>Has it asked again after <paramref name="delay"/>, or as soon as its marker is heard of again.</summary>
    public void Park(Commit commit, TimeSpan delay)
    {
        lock (_lock)
        {
            WorkKey? source = commit.Keys.Find(key => key.Kind == WorkKeyKind.Source) is { Value: not null } held ? held : null;
            _parked.Add(commit, source);
            if (source is { } name)
                _parkedAt.Add(name, commit);
            _turns.Enqueue(commit, Environment.TickCount64 + Math.Max(1, (long)delay.TotalMilliseconds));
        }
    }

    /// <summary>Those whose time has come.</summary>
    public void TakeDue(List<Commit> due)
    {
        long now = Environment.TickCount64;
        lock (_lock)
        {
            while (_turns.TryPeek(out Commit? commit, out long when) && when <= now)
            {
                _turns.Dequeue();
                if (!_parked.Remove(commit, out WorkKey? source))
                    continue; // It was asked before its turn.
                if (source is { } name)
                    _parkedAt.Remove(name);
                due.Add(commit);
            }
        }
    }

    /// <summary>Milliseconds until the next one is due, -1 where nobody is parked.</summary>
    public int NextDue()
    {
        lock (_lock)
            return _turns.TryPeek(out _, out long when) ? (int)Math.Clamp(when - Environment.TickCount64, 0, int.MaxValue) : -1;
    }

    /// <summary>
    /// Takes the name for this commit. False: another has it, and this one was put behind it (or dropped, where a request
    /// for the same marker waits already).
    /// </summary>
    public bool TryEnter(Commit commit, WorkKey key)
    {
        lock (_lock)
        {
            if (commit.Keys.Contains(key) || TryTake(commit, key))
                return true;
            if (commit.Reply is null && _parkedAt.TryGetValue(key, out Commit? parked))
            {
                // Its marker was touched, or closed: what it waits for may be over.
                parked.How = commit.How;
                _turns.Enqueue(parked, Environment.TickCount64);
            }
            Queue<Commit> waiting = _inWork[key] ??= new Queue<Commit>();
            bool isKnown = key.Kind == WorkKeyKind.Source && commit.Reply is null && waiting.Any(other => other.Reply is null);
            if (!isKnown)
                waiting.Enqueue(commit);
            return false;
        }
    }

    /// <summary>Takes the name if nobody has it, and never waits for it.</summary>
    public bool TryTake(Commit commit, WorkKey key)
    {
        lock (_lock)
        {
            if (!_inWork.TryAdd(key, null))
                return false;
            commit.Keys.Add(key);
            return true;
        }
    }

    /// <summary>
    /// Gives the commit's names free, but for the one of the staging name where it goes on waiting under it. Of those that
    /// waited for a name the first has it now, and is to be admitted.
    /// </summary>
    public void Leave(Commit commit, bool keepsSource, List<Commit> heirs)
    {
        lock (_lock)
        {
            for (int i = commit.Keys.Count - 1; i >= 0; i--)
            {
                WorkKey key = commit.Keys[i];
                if (keepsSource && key.Kind == WorkKeyKind.Source)
                    continue;
                commit.Keys.RemoveAt(i);
                if (_inWork[key] is { } waiting && waiting.TryDequeue(out Commit? heir))
                {
                    heir.Keys.Add(key);
                    heirs.Add(heir);
                }
                else
                {
                    _inWork.Remove(key);
                }
            }
        }
    }

    /// <summary>What waits here for the route, and since when.</summary>
    public RouteQueue QueueOf(Route route)
    {
        lock (_lock)
        {
            IEnumerable<Commit> behind = _inWork.Values.OfType<Queue<Commit>>().SelectMany(waiting => waiting);
            return RouteQueue.Of(_parked.Keys.Concat(behind).Where(commit => commit.Route == route));
        }
    }

    /// <summary>Everything that still waits, at the end.</summary>
    public List<Commit> TakeAll()
    {
        var all = new List<Commit>();
        lock (_lock)
        {
            all.AddRange(_parked.Keys);
            _parked.Clear();
            _parkedAt.Clear();
            _turns.Clear();
            foreach (Queue<Commit>? waiting in _inWork.Values)
            {
                all.AddRange(waiting ?? []);
                waiting?.Clear();
            }
        }
        return all;
    }
}
