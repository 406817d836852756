using System.Diagnostics;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Staging;

namespace AtomikD.Commits;

/// <summary>What waits for a lane: per route the markers that were seen, and requests that are ready to be admitted.</summary>
internal sealed class Inbox
{
    /// <summary>Marker names that may wait per route; beyond it the route is scanned again once they are done.</summary>
    public const int MarkerLimit = 65_536;

    private readonly object _lock = new();
    private readonly Dictionary<Route, Waiting> _routes = [];
    private readonly List<Route> _turns = [];
    private int _next;
    private bool _woken;

    private readonly record struct Seen(Discovery How, long At);

    private sealed class Waiting
    {
        public readonly Dictionary<Name, Seen> Markers = [];
        public readonly Queue<Name> Order = new();
        public readonly Queue<Commit> Ready = new();
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _routes.Values.Sum(waiting => waiting.Order.Count + waiting.Ready.Count);
        }
    }

    /// <summary>What waits here for the route, and since when.</summary>
    public RouteQueue QueueOf(Route route)
    {
        lock (_lock)
        {
            if (!_routes.TryGetValue(route, out Waiting? waiting))
                return RouteQueue.Empty;
            RouteQueue queue = RouteQueue.Of(waiting.Ready);
            return waiting.Order.TryPeek(out Name? first) ? queue.With(waiting.Order.Count, waiting.Markers[first].At) : queue;
        }
    }

    /// <summary>False: there is no room, look again later.</summary>
    public bool TryAddMarker(Route route, ReadOnlySpan<byte> item, Discovery how)
    {
        Name name = Name.Of(item);
        lock (_lock)
        {
            Waiting waiting = Of(route);
            if (waiting.Markers.TryGetValue(name, out Seen known))
            {
                if (known.How == Discovery.Found && how == Discovery.Closed)
                    waiting.Markers[name] = known with { How = how };
                return true;
            }
            if (waiting.Order.Count >= MarkerLimit)
                return false;
            waiting.Markers.Add(name, new Seen(how, Stopwatch.GetTimestamp()));
            waiting.Order.Enqueue(name);
            Wake();
            return true;
        }
    }

    public void Add(Commit commit)
    {
        lock (_lock)
        {
            Of(commit.Route).Ready.Enqueue(commit);
            Wake();
        }
    }

    /// <summary>Waits until something is there or the time is over. Milliseconds, -1 = for ever.</summary>
    public void Wait(int timeout)
    {
        lock (_lock)
        {
            if (!_woken && timeout != 0)
                Monitor.Wait(_lock, timeout);
            _woken = false;
        }
    }

    public void WakeUp()
    {
        lock (_lock)
            Wake();
    }

    /// <summary>Takes up to <paramref name="limit"/> requests, routes in turn, so that a storm on one does not starve another.</summary>
    public void Take(List<Commit> batch, int limit)
    {
        lock (_lock)
        {
            int empty = 0;
            while (batch.Count < limit && empty < _turns.Count)
            {
                _next = (_next + 1) % _turns.Count;
                empty = TakeOne(_turns[_next], batch) ? 0 : empty + 1;
            }
            if (empty < _turns.Count)
                Wake();
        }
    }

    private bool TakeOne(Route route, List<Commit> batch)
    {
        Waiting waiting = _routes[route];
        if (waiting.Ready.TryDequeue(out Commit? ready))
        {
            batch.Add(ready);
            return true;
        }
        if (!waiting.Order.TryDequeue(out Name? name))
            return false;
        waiting.Markers.Remove(name, out Seen seen);
        batch.Add(new Commit { Route = route, Source = name, Door = Journal.Door.Marker, How = seen.How, ArrivedAt = seen.At });
        return true;
    }

    /// <summary>All requests that are not markers waiting in staging.</summary>
    public List<Commit> TakeReady()
    {
        var ready = new List<Commit>();
        lock (_lock)
        {
            foreach (Waiting waiting in _routes.Values)
            {
                ready.AddRange(waiting.Ready);
                waiting.Ready.Clear();
            }
        }
        return ready;
    }

    /// <summary>The route is gone or away: its markers stay in staging, its calls are handed back.</summary>
    public List<Commit> Remove(Route route)
    {
        lock (_lock)
        {
            if (!_routes.Remove(route, out Waiting? waiting))
                return [];
            _turns.Remove(route);
            _next = 0;
            return [.. waiting.Ready];
        }
    }

    private Waiting Of(Route route)
    {
        if (!_routes.TryGetValue(route, out Waiting? waiting))
        {
            _routes.Add(route, waiting = new Waiting());
            _turns.Add(route);
        }
        return waiting;
    }

    private void Wake()
    {
        if (_woken)
            return; // Nobody waits, or whoever does is on the way.
        _woken = true;
        Monitor.PulseAll(_lock);
    }
}
