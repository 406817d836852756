using System.Diagnostics;
using AtomikD.Commits;
using AtomikD.Routes;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Engine;

/// <summary>The thread that collects: after commits that replaced something, when a kept version comes of age, and for calls to prune.</summary>
internal sealed class CollectorLoop : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_housekeeping = TimeSpan.FromMinutes(10);
    private const int PruneLimit = 1000;

    private readonly EngineCore _core;
    private readonly Func<IReadOnlyList<RouteKeeper>> _keepers;
    private readonly Collector _collector;
    private readonly Thread _thread;
    private readonly object _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(string Route, TaskCompletionSource<CollectResult> Done)> _pruning = [];
    private bool _isSoon = true;
    private long _housekeepingDue;

    public CollectorLoop(EngineCore core, Func<IReadOnlyList<RouteKeeper>> keepers)
    {
        _core = core;
        _keepers = keepers;
        _collector = new Collector(core.Journal, core.Time, core.Logger);
        _thread = new Thread(Loop) { Name = "collect", IsBackground = true };
    }

    /// <summary>By route: what the last pass had to spare.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SpareReport>> Spared { get; private set; } = new Dictionary<string, IReadOnlyList<SpareReport>>();

    public MountedVersions Mounts => _collector.Mounts;

    public IReadOnlyCollection<StuckThing> StuckIn(string vaultId) => _collector.StuckIn(vaultId);

    public void Start() => _thread.Start();

    /// <summary>Within <see cref="s_shortest"/>: most commits replace something, and a pass for each would stand in the way of the next.</summary>
    public void Soon()
    {
        lock (_lock)
        {
            if (_isSoon)
                return;
            _isSoon = true;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Tells what the pass over that route did.</summary>
    public Task<CollectResult> PruneAsync(string route)
    {
        var done = new TaskCompletionSource<CollectResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _pruning.Add((route, done));
            Monitor.Pulse(_lock);
        }
        return done.Task;
    }

    private void Loop()
    {
        while (!_stop.IsCancellationRequested)
        {
            List<(string Route, TaskCompletionSource<CollectResult> Done)> pruning;
            lock (_lock)
            {
                pruning = [.. _pruning];
                _pruning.Clear();
                _isSoon = false;
            }
            Dictionary<string, CollectResult> results = Pass(pruning.ConvertAll(prune => prune.Route));
            pruning.ForEach(prune => prune.Done.TrySetResult(results.GetValueOrDefault(prune.Route, CollectResult.Nothing)));
            Rest();
        }
        lock (_lock)
            _pruning.ForEach(prune => prune.Done.TrySetResult(CollectResult.Nothing));
    }

    private void Rest()
    {
        long since = Environment.TickCount64;
        TimeSpan pause = Pause();
        lock (_lock)
        {
            while (_pruning.Count == 0 && !_stop.IsCancellationRequested
                && (_isSoon ? s_shortest : pause).TotalMilliseconds - (Environment.TickCount64 - since) is > 0 and var left)
                Monitor.Wait(_lock, (int)Math.Ceiling(left));
        }
    }

    /// <summary>Until the first surplus version comes of age. One that is of age and stands was spared: it is asked again soon.</summary>
    private TimeSpan Pause()
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(_housekeepingDue - Environment.TickCount64);
        try
        {
            foreach (Route route in _keepers().Select(keeper => keeper.Route))
            {
                if (route.VaultId is not { } vault || _core.Journal.Write(durable: false, session => session.FirstSurplus(vault)) is not { } replaced)
                    continue;
                TimeSpan keepFor = route.Settings.KeepFor;
                TimeSpan left = replaced + keepFor - _core.Journal.Clock;
                if (left <= TimeSpan.Zero)
                    left = keepFor < s_longest ? keepFor : s_longest;
                pause = left < pause ? left : pause;
            }
        }
        catch (Journal.JournalException e)
        {
            Commits.Log.JournalRefuses(_core.Logger, e.Message);
            pause = s_longest;
        }
        return pause < s_shortest ? s_shortest : pause;
    }

    private Dictionary<string, CollectResult> Pass(List<string> pruning)
    {
        bool hasHousekeeping = Environment.TickCount64 >= _housekeepingDue;
        if (hasHousekeeping)
            _housekeepingDue = Environment.TickCount64 + (long)s_housekeeping.TotalMilliseconds;
        var results = new Dictionary<string, CollectResult>();
        foreach (RouteKeeper keeper in _keepers())
        {
            Route route = keeper.Route;
            if (route.Folders is not { } folders || route.Lane is not { } lane || !folders.TryAcquire())
                continue;
            try
            {
                long begun = Stopwatch.GetTimestamp();
                results[route.Name] = _collector.Collect(route, folders, lane, pruning.Contains(route.Name), _stop.Token);
                _core.Services.Metrics?.Collected(route, results[route.Name], Stopwatch.GetElapsedTime(begun));
                _core.Services.Spans.Collected(route, results[route.Name], begun);
                if (hasHousekeeping)
                    ReceiptExpiry.Run(_core.Journal, route, folders, _core.Logger, _stop.Token);
            }
            catch (Journal.JournalException e)
            {
                Commits.Log.JournalRefuses(_core.Logger, e.Message);
            }
            catch (Exception e)
            {
                Log.CollectionFailed(_core.Logger, route.Name, e);
            }
            finally
            {
                folders.Release();
            }
        }
        Spared = results.ToDictionary(result => result.Key, result => result.Value.Spared);
        if (hasHousekeeping)
            PruneHistory();
        return results;
    }

    private void PruneHistory()
    {
        try
        {
            while (!_stop.IsCancellationRequested
                && _core.Journal.Write(durable: false, session => session.PruneHistory(_core.Settings.Daemon.HistoryKeepFor, PruneLimit)) == PruneLimit)
            {
            }
        }
        catch (Journal.JournalException e)
        {
            Commits.Log.JournalRefuses(_core.Logger, e.Message);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        lock (_lock)
            Monitor.Pulse(_lock);
        if (_thread.IsAlive)
            _thread.Join();
        _stop.Dispose();
    }
}
