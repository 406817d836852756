using AtomikD.Commits;
using AtomikD.Engine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Systemd;

/// <summary>
/// Keeps systemd informed from start to stop: more time while a long recovery moves, signs of life while every lane does, and what
/// the service is at. It wakes for the watchdog, which wants to hear of it anyway, and after commits; otherwise never.
/// </summary>
internal sealed class SystemdService(EngineService service, Manager manager, TimeProvider time, ILogger<SystemdService> logger, TimeSpan watchdog) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan s_startLook = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_more = TimeSpan.FromSeconds(40);

    /// <summary>Who publishes a thousand times a second is told of once.</summary>
    private static readonly TimeSpan s_statusPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(30);

    /// <summary>Less than this between two looks, and a start is at nothing.</summary>
    private static readonly TimeSpan s_atWork = TimeSpan.FromMilliseconds(20);

    private readonly LaneWatch _lanes = new(time);
    private readonly Lock _lookLock = new();
    private readonly HashSet<Lane> _told = [];
    private ITimer? _start;
    private ITimer? _watch;
    private ITimer? _status;
    private TimeSpan _cpu;
    private int _statusDue;
    private bool _isStopping;
    private volatile LaneReport? _report;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (manager.IsThere)
        {
            manager.Status("Recovering what the last run left open, and trying the routes");
            _start = time.CreateTimer(_ => LookAtStart(), null, s_startLook, s_startLook);
        }
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _start?.Dispose();
        if (!manager.IsThere)
            return Task.CompletedTask;
        CommitEngine engine = service.Engine!;
        manager.Status(StatusLine.Of(engine));
        _status = time.CreateTimer(_ => TellStatus(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        engine.Decided += Decided;
        service.ReloadEnded += TellStatus;
        if (watchdog > TimeSpan.Zero)
            _watch = time.CreateTimer(_ => Look(), null, watchdog / 4, watchdog / 4);
        return Task.CompletedTask;
    }

    /// <summary>A start that is at work, on a processor or at a disk, is given more time.</summary>
    private void LookAtStart()
    {
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        bool isAtWork = cpu - _cpu > s_atWork || ThreadLook.IsAnyAtDisk();
        _cpu = cpu;
        if (isAtWork)
            manager.NeedsMore(s_more);
    }

    private void Decided(Commit commit)
    {
        if (Interlocked.Exchange(ref _statusDue, 1) == 0)
            _status!.Change(s_statusPause, Timeout.InfiniteTimeSpan);
    }

    private void TellStatus()
    {
        Volatile.Write(ref _statusDue, 0);
        if (!Volatile.Read(ref _isStopping))
            manager.Status(StatusLine.Of(service.Engine!, _report));
    }

    /// <summary>One look at the lanes; a sign of life if all is well. Where the look before is still at it, no thread queues up behind it.</summary>
    internal void Look()
    {
        if (!_lookLock.TryEnter())
            return;
        try
        {
            CommitEngine engine = service.Engine!;
            LaneReport report = _lanes.Look(engine.Lanes);
            _report = report;
            Tell(engine, report);
            if (report.Stuck.Count == 0)
                manager.Alive();
        }
        finally
        {
            _lookLock.Exit();
        }
        TellStatus();
    }

    private void Tell(CommitEngine engine, LaneReport report)
    {
        _told.RemoveWhere(lane => !report.Stuck.Contains(lane) && !report.Slow.Any(slow => slow.Lane == lane));
        foreach (Lane lane in report.Stuck)
        {
            if (_told.Add(lane))
                Log.LaneStuck(logger, StatusLine.RoutesOf(engine, lane));
        }
        foreach (Lane lane in engine.Lanes)
        {
            // Two threads of a lane may wait, one for the other.
            TimeSpan wait = report.Slow.Where(slow => slow.Lane == lane).Select(slow => slow.For).DefaultIfEmpty().Max();
            lane.WaitsForDisk = wait >= s_slow ? wait : TimeSpan.Zero;
            if (wait >= s_slow && _told.Add(lane))
                Log.LaneSlow(logger, StatusLine.RoutesOf(engine, lane), (int)wait.TotalSeconds);
        }
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _isStopping, true);
        manager.Status("Finishing what is in work");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _start?.Dispose();
        _watch?.Dispose();
        _status?.Dispose();
    }
}
