using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Recovery;
using AtomikD.Routes;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Engine;

/// <summary>
/// Keeps one route served: probes and opens its folders, recovers, watches, scans, and starts over when the folders go away
/// and come back.
/// </summary>
internal sealed class RouteKeeper : IMarkerSink
{
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_moreRoom = TimeSpan.FromMilliseconds(100);

    private readonly EngineCore _core;
    private readonly Lock _lock = new();
    private int _watch = -1;
    private long _nextScan;
    private long _nextOpen;
    private Task _work = Task.CompletedTask;
    private volatile bool _isAtWork;
    private OpenFolders? _last;
    private volatile OpenFolders? _accepted;
    private bool _isRetired;
    private string? _reported;

    public RouteKeeper(Route route, EngineCore core)
    {
        Route = route;
        _core = core;
    }

    public Route Route { get; }

    public void MarkerSeen(ReadOnlySpan<byte> item, Discovery how)
    {
        if (Route.Lane is { } lane && !lane.MarkerSeen(Route, item, how))
            Route.NeedScan();
    }

    public void ScanNeeded()
    {
        Route.NeedScan();
        _core.Wake();
    }

    public void FolderLost() => Lost("the staging folder was moved, deleted or unmounted");

    /// <summary>Stops admission until the folders are right again.</summary>
    public void Lost(string why)
    {
        if (Route.Stop(why) is null)
            return;
        Log.RouteStopped(_core.Logger, Route.Name, why);
        _reported = why;
        lock (_lock)
        {
            if (_watch >= 0)
                _core.Watcher.Unwatch(_watch);
            _watch = -1;
            _nextOpen = 0;
        }
        _core.Wake();
    }

    /// <summary>
    /// Where the administrator says so, by a reload, the folders may be on other disks than those that were served. Else an
    /// unmounted disk would have the folder beneath its mount point filled.
    /// </summary>
    public void AcceptOtherDisks() => _accepted = null;

    /// <summary>Starts what is due now, in the background; returns the milliseconds until something will be.</summary>
    public int Tend()
    {
        lock (_lock)
        {
            long now = Environment.TickCount64;
            if (_isRetired || _isAtWork)
                return int.MaxValue; // The work wakes the engine when it is done.
            if (Route.Folders is null)
            {
                if (now >= _nextOpen)
                    Begin(Open);
                return (int)Math.Max(1, _nextOpen - now);
            }
            foreach (Commit stuck in Route.Stuck.TakeDue())
                Route.Lane!.Retell(stuck);
            bool hasRoom = Route.Lane!.Inbox.QueueOf(Route).Length < Inbox.MarkerLimit / 2;
            if (now >= _nextScan || (hasRoom && Route.TakeScanNeeded()))
                Begin(Scan);
            return Route.Stuck.Count > 0 ? 500 : (int)Math.Clamp(_nextScan - now, 1, int.MaxValue);
        }
    }

    /// <summary>The end of the attempt in progress, if there is one.</summary>
    public Task CurrentWork
    {
        get
        {
            lock (_lock)
                return _work;
        }
    }

    private void Begin(Action work)
    {
        _isAtWork = true;
        _work = Task.Factory.StartNew(() => Run(work), TaskCreationOptions.LongRunning);
    }

    private void Run(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            // Whatever it is: this route is in trouble, the others are not.
            _nextScan = Environment.TickCount64 + (long)s_retry.TotalMilliseconds;
            Trouble(e is IOException or Journal.JournalException ? e.Message : e.ToString(), "");
        }
        finally
        {
            // In this order: whoever wakes and finds it at work sleeps on, and nobody wakes him again. The task is over only after both.
            _isAtWork = false;
            _core.Wake();
        }
    }

    private void Open()
    {
        _nextOpen = Environment.TickCount64 + (long)s_retry.TotalMilliseconds;
        // The one before must have let go of the vault's lock.
        if (_last is { Closed.IsCompleted: false })
            return;
        if (_accepted?.WhatIsElsewhere() is { } elsewhere)
        {
            Trouble($"{elsewhere} is on another disk or mount than before.", "Mount the right one again; if this one is meant, reload or restart the daemon.");
            return;
        }
        ProbeReport probe = RouteProbe.Run(Route.Settings);
        if (probe.Findings.FirstOrDefault(finding => finding.Severity == Severity.Error) is { } error)
        {
            Trouble(error.Message, error.Hint);
            return;
        }
        Route.ProbeWarnings = [.. probe.Findings.Where(finding => finding.Severity == Severity.Warning).Select(finding => finding.Message)];
        Refusal? refusal = OpenFolders.Open(Route.Settings, probe.CrossDevice, probe.Durable, probe.NeedsPolling, TrustNow(), Timestamp.From(_core.Time.GetUtcNow()), out OpenFolders? folders);
        if (refusal is not null)
        {
            Trouble(refusal.Message, refusal.Hint);
            return;
        }
        Serve(folders!);
    }

    private void Serve(OpenFolders folders)
    {
        Lane lane = _core.LaneFor(folders.TargetStatus.Device, Route.Settings.Durability);
        var recovery = new RouteRecovery { Route = Route, Folders = folders, Services = _core.Services };
        try
        {
            recovery.Run();
            Route.LastRecovery = new RecoverySummary(_core.Time.GetUtcNow(), recovery.Settled, recovery.ToResume.Count, recovery.PutBack, recovery.Forgotten, recovery.Closed, recovery.Strays);
            int watch = -1;
            Errno error = folders.NeedsPolling ? Errno.None : _core.Watcher.Watch(Route.Settings.Staging, this, out watch);
            if (error != Errno.None)
                throw new IOException($"{Route.Settings.Staging} cannot be watched: {error.Describe()}; raise fs.inotify.max_user_watches");
            _watch = watch;
        }
        catch
        {
            folders.Dispose();
            throw;
        }
        _last = folders;
        _accepted = folders;
        foreach (Commit commit in recovery.Stuck)
            Route.Stuck.Add(commit, commit.Marker!.Identity);
        // They have their names before anybody else can ask for them.
        foreach (Commit commit in recovery.ToResume)
        {
            folders.TryAcquire();
            lane.TakeNames(commit);
        }
        Route.LastCommitAt ??= _core.Journal.Write(durable: false, session => session.SuccessesBefore(Route.Name, null, long.MaxValue, 1)) is [{ } last] ? last.CommittedAt : null;
        Route.Serve(folders, lane);
        recovery.ToResume.ForEach(lane.Resume);
        _core.Recovered(recovery);
        _reported = null;
        Log.RouteServed(_core.Logger, Route.Name, Route.Settings.Staging, Route.Settings.Target);
        Scan();
        _core.CollectSoon();
    }

    /// <summary>
    /// A disk that went away and came back counts as another boot: what was written before may be lost. Other folders on the
    /// mounts that were there all along are as good as before.
    /// </summary>
    private Trust TrustNow()
    {
        bool isOtherDisk = _last is not null && !(Stat.StatPath(Name.Of(Route.Settings.Staging), out FileStatus staging) == Errno.None
            && Stat.StatPath(Name.Of(Route.Settings.Target), out FileStatus target) == Errno.None && _last.IsOnSameMounts(staging, target));
        return isOtherDisk ? new Trust(Timestamp.From(_core.Time.GetUtcNow()), default) : _last?.Trust ?? _core.BootTrust;
    }

    private void Trouble(string message, string hint)
    {
        if (Route.Folders is not null)
        {
            Log.RouteTrouble(_core.Logger, Route.Name, message, hint);
            return;
        }
        Route.Stop(hint.Length > 0 ? $"{message} {hint}" : message);
        if (_reported == message)
            return;
        _reported = message;
        Log.RouteUnhealthy(_core.Logger, Route.Name, message, hint);
    }

    private void Scan()
    {
        if (Route.Folders is not { } folders || !folders.TryAcquire())
            return;
        try
        {
            if (folders.WhatChanged() is { } changed)
            {
                Lost(changed);
                return;
            }
            Interlocked.Increment(ref _core.Rescans);
            Errno error = StagingScan.Run(folders.Staging, item => Route.Lane!.MarkerSeen(Route, item, Discovery.Found), out StagingScan.Result result);
            if (error != Errno.None)
                Log.ScanFailed(_core.Logger, Route.Settings.Staging, error.Describe());
            Route.Unmarked = result.Unmarked;
            TimeSpan next = !result.WasComplete ? s_moreRoom : folders.NeedsPolling ? s_poll : _core.Settings.Daemon.Rescan;
            _nextScan = Environment.TickCount64 + (long)next.TotalMilliseconds;
        }
        finally
        {
            folders.Release();
        }
    }

    /// <summary>Admits nothing more; ends when what is in work has come to its end and the vault is unlocked.</summary>
    /// <param name="why">Said of the route from now on.</param>
    /// <param name="limit">How long to wait for what is in work.</param>
    public async Task RetireAsync(string why, TimeSpan limit)
    {
        lock (_lock)
            _isRetired = true;
        await CurrentWork;
        OpenFolders? folders = Route.Stop(why);
        if (_watch >= 0)
            _core.Watcher.Unwatch(_watch);
        Route.Lane?.Retire(Route);
        Route.Lane?.CloseIdleResults();
        if (folders is not null && Route.Lane?.Fault is null)
        {
            try
            {
                await folders.Closed.WaitAsync(limit);
            }
            catch (TimeoutException)
            {
                // The kernel lets go of the vault's lock when the process ends.
                Log.FoldersStillInUse(_core.Logger, Route.Name);
            }
        }
    }
}
