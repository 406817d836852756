using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Staging;
using AtomikD.Telemetry;
using AtomikD.Versions;
using Microsoft.Extensions.Logging;

namespace AtomikD.Engine;

/// <summary>
/// The daemon's core: journal, routes, lanes, watcher and collection, from start to orderly stop. Every door works on it.
/// </summary>
internal sealed partial class CommitEngine : IAsyncDisposable
{
    /// <summary>When the lanes have ended, nothing should hold a route's folders any more.</summary>
    private static readonly TimeSpan s_lettingGo = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lastSpans = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_idleClose = TimeSpan.FromMilliseconds(500);

    /// <summary>What is sealed for longer when the daemon stops goes on at the next start.</summary>
    private static readonly TimeSpan s_sealPatience = TimeSpan.FromSeconds(10);

    /// <summary>The clock that dates changes of files goes in steps of at most so much: what it dates earlier was earlier.</summary>
    private static readonly TimeSpan s_clockStep = TimeSpan.FromMilliseconds(20);

    private readonly EngineCore _core;
    private readonly EngineMetrics? _metrics;
    private readonly CommitSpans _spans;
    private readonly SealPool _pool;
    private readonly StagingWatcher _watcher;
    private readonly CollectorLoop _collector;
    private readonly Thread _supervisor;
    private readonly object _wake = new();
    private readonly Lock _routesLock = new();
    private Dictionary<string, RouteKeeper> _keepers = [];
    private bool _isWoken;
    private volatile bool _isStopping;
    private int _isStopped;

    private CommitEngine(Settings settings, EngineOptions options, TimeProvider time, ILogger logger, EngineMetrics? metrics)
    {
        _metrics = metrics;
        _spans = new CommitSpans(time);
        Signal.IgnoreSigio();
        Logger = logger;
        Journal = CommitJournal.Open(settings.Daemon.StateDirectory, time, options.Boot, logger);
        if (Journal.WasSetAside is { } aside)
            Log.JournalSetAside(logger, aside);
        _pool = new SealPool(options.SealWorkers);
        _watcher = new StagingWatcher(logger);
        _core = new EngineCore
        {
            Settings = settings,
            Watcher = _watcher,
            Logger = logger,
            BootTrust = TrustOf(options.Boot, Journal.Previous),
            Wake = Wake,
            CollectSoon = () => _collector!.Soon(),
            HistoryGrew = () => HistoryGrew?.Invoke(),
            Services = new LaneServices
            {
                Journal = Journal,
                Boot = options.Boot,
                Time = time,
                Pool = _pool,
                Logger = logger,
                SyncWorkers = options.SyncWorkers,
                InWorkLimit = Lane.InWorkLimitOf(options.Descriptors),
                IsPipelined = options.IsPipelined,
                BusyLimit = options.BusyLimit,
                Step = options.Step,
                FoldersLost = (route, why) => KeeperOf(route)?.Lost(why),
                Finished = Finished,
                Metrics = metrics,
                Spans = _spans,
            },
        };
        _collector = new CollectorLoop(_core, () => Keepers);
        _supervisor = new Thread(Supervise) { Name = "supervisor", IsBackground = true };
        metrics?.Observe(this);
    }

    public ILogger Logger { get; }

    public CommitJournal Journal { get; }

    public TimeProvider Time => _core.Time;

    public Settings Settings => _core.Settings;

    public IReadOnlyList<Route> Routes => [.. Keepers.Select(keeper => keeper.Route)];

    public IReadOnlyList<Lane> Lanes => _core.Lanes;

    public long WatchOverflows => _watcher.Overflows;

    public long Rescans => Interlocked.Read(ref _core.Rescans);

    public long RecoveredCommits => _core.RecoveredCommits;

    /// <summary>What the last collection of the route had to leave alone, and why.</summary>
    public IReadOnlyList<SpareReport> SparedOf(string route) => _collector.Spared.GetValueOrDefault(route, []);

    /// <summary>What is mounted anywhere that can be seen, some seconds old.</summary>
    public MountedVersions Mounts => _collector.Mounts;

    /// <summary>What ought to be gone from a vault and is not.</summary>
    public IReadOnlyCollection<StuckThing> StuckIn(string vaultId) => _collector.StuckIn(vaultId);

    /// <summary>Told of every decided request, on a lane's thread: it must be quick.</summary>
    public event Action<Commit>? Decided;

    /// <summary>There is a new success or failure in the journal; told on a thread that must not wait.</summary>
    public event Action? HistoryGrew;

    private IReadOnlyList<RouteKeeper> Keepers
    {
        get
        {
            lock (_routesLock)
                return [.. _keepers.Values];
        }
    }

    /// <summary>Opens journal and routes. Ends when every route whose folders are there has been recovered and takes commits.</summary>
    /// <param name="metrics">Where to count what happens; null = nowhere.</param>
    /// <exception cref="JournalException">The state folder cannot be used.</exception>
    public static async Task<CommitEngine> StartAsync(Settings settings, EngineOptions options, TimeProvider time, ILogger logger, EngineMetrics? metrics = null)
    {
        var engine = new CommitEngine(settings, options, time, logger, metrics);
        foreach (RouteSettings route in settings.Routes)
            engine.Add(route);
        engine.ReportOrphans();
        engine._supervisor.Start();
        engine._collector.Start();
        await Task.WhenAll(engine.Keepers.Select(keeper => keeper.CurrentWork));
        return engine;
    }

    private void Add(RouteSettings settings)
    {
        var keeper = new RouteKeeper(new Route(settings), _core);
        lock (_routesLock)
            _keepers = new Dictionary<string, RouteKeeper>(_keepers) { [settings.Name] = keeper };
        keeper.Tend();
    }

    /// <summary>
    /// Contents are trusted from the start of this boot on. If the boot id changed since the journal was last written, that
    /// moment is the earliest at which this boot can have begun.
    /// </summary>
    private static Trust TrustOf(BootInfo boot, PreviousRun previous)
    {
        DateTimeOffset since = boot.StartedAt;
        bool isOtherBoot = previous.BootId is not null && previous.BootId != boot.Id;
        if (isOtherBoot && previous.LastSeen > since)
            since = previous.LastSeen;
        return new Trust(Timestamp.From(since), previous.EarlierBootSyncedAt is { } synced ? Timestamp.From(synced) : default);
    }

    private void ReportOrphans()
    {
        var vaults = Settings.Routes.Select(route => route.Name).ToHashSet(StringComparer.Ordinal);
        foreach ((_, string route, string staging, int count) in Journal.Write(durable: false, session => session.OpenIntentsByVault()))
        {
            if (!vaults.Contains(route))
                Log.OrphanedIntents(Logger, count, route, staging);
        }
    }

    private void Finished(Commit commit)
    {
        if (commit.Refusal is { } refusal)
            Commits.Log.Refused(Logger, commit.Route.Name, commit.Target.Length > 0 ? Name.Escape(System.Text.Encoding.UTF8.GetBytes(commit.Target)) : commit.Source.ToString(), refusal.Reason.WireName(), refusal.Message);
        else if (commit.Version is { } version)
            Commits.Log.Committed(Logger, version.Route, version.Name, version.Number);
        // A refused upload is in the trash.
        if (commit.Replaced is not null || commit is { IsUpload: true, Refusal: not null })
            _collector.Soon();
        // The supervisor sleeps as long as nothing is to be closed.
        if (commit.Unclosed is not null
            && Interlocked.CompareExchange(ref _closeDueAt, Environment.TickCount64 + (long)s_idleClose.TotalMilliseconds, long.MaxValue) == long.MaxValue)
            Wake();
        _metrics?.Decided(commit);
        _spans.Finished(commit, commit.Refusal);
        Decided?.Invoke(commit);
        HistoryGrew?.Invoke();
    }

    private long _closeDueAt = long.MaxValue;

    private RouteKeeper? KeeperOf(Route route)
    {
        lock (_routesLock)
            return _keepers.TryGetValue(route.Name, out RouteKeeper? keeper) && keeper.Route == route ? keeper : null;
    }

    private void Wake()
    {
        lock (_wake)
        {
            _isWoken = true;
            Monitor.Pulse(_wake);
        }
    }

    private void Supervise()
    {
        while (!_isStopping)
        {
            int wait = int.MaxValue;
            foreach (RouteKeeper keeper in Keepers)
                wait = Math.Min(wait, keeper.Tend());
            wait = Math.Min(wait, CloseIdle());
            lock (_wake)
            {
                if (!_isWoken)
                    Monitor.Wait(_wake, Math.Min(wait, 60_000));
                _isWoken = false;
            }
        }
    }

    /// <summary>Milliseconds until results have to be closed that no later batch has closed.</summary>
    private int CloseIdle()
    {
        long due = Interlocked.Read(ref _closeDueAt);
        if (due == long.MaxValue)
            return int.MaxValue;
        if (Environment.TickCount64 < due)
            return (int)Math.Clamp(due - Environment.TickCount64, 1, int.MaxValue);
        Interlocked.CompareExchange(ref _closeDueAt, long.MaxValue, due);
        foreach (Lane lane in Lanes)
            lane.CloseIdleResults();
        return int.MaxValue;
    }

    /// <summary>A stop is near: what is long and still at its beginning is left to the next start.</summary>
    public void HurryUp() => _pool.StopAfter(s_sealPatience);

    /// <summary>Ends admission, lets what has begun come to its end, and syncs, so that the next boot may trust what it finds.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 1)
            return;
        _pool.StopAfter(s_sealPatience);
        // A reload under way still needs the supervisor; none begins after it.
        await _reloading.WaitAsync();
        _isStopping = true;
        Wake();
        if (_supervisor.IsAlive)
            _supervisor.Join();
        _collector.Dispose();
        _watcher.Dispose();
        await Task.WhenAll(Keepers.Select(keeper => keeper.CurrentWork));
        foreach (Lane lane in Lanes)
            lane.Dispose();
        _pool.Dispose();
        DateTimeOffset before = _core.Time.GetUtcNow() - s_clockStep;
        bool isSynced = SyncAll() && Lanes.All(lane => lane.Fault is null);
        _core.Services.Step?.Invoke("synced for the stop");
        await Task.WhenAll(Keepers.Select(keeper => keeper.RetireAsync("the daemon is stopping", s_lettingGo)));
        try
        {
            if (isSynced)
                Journal.RecordOrderlyStop(before);
        }
        catch (JournalException e)
        {
            Commits.Log.JournalRefuses(Logger, e.Message);
        }
        Journal.Dispose();
        _spans.Drain(s_lastSpans);
        _reloading.Release();
        Log.Stopped(Logger);
    }

    private bool SyncAll()
    {
        bool isSynced = true;
        var synced = new HashSet<ulong>();
        // What waits on a route that is not durable is trusted as well, and on one that is away at the moment.
        foreach (Route route in Routes)
        {
            isSynced &= SyncFileSystem(route.Folders?.Target, route.Settings.Target, synced);
            isSynced &= SyncFileSystem(route.Folders?.Staging, route.Settings.Staging, synced);
        }
        return isSynced;
    }

    private bool SyncFileSystem(Fd? held, string path, HashSet<ulong> synced)
    {
        Fd? own = null;
        if (held is null && Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out own) != Errno.None)
            return true; // It was synced when it was unmounted.
        using Fd? closing = own;
        Fd folder = held ?? own!;
        if (Stat.FStat(folder, out FileStatus status) == Errno.None && !synced.Add(status.Device))
            return true;
        Errno error = Unistd.Syncfs(folder);
        if (error != Errno.None)
            Log.StopNotSynced(Logger, path, error.Describe());
        return error == Errno.None;
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
