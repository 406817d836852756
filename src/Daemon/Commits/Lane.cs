using AtomikD.Commits.Steps;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Staging;
using AtomikD.Telemetry;

namespace AtomikD.Commits;

/// <summary>
/// One target file system with one durability. A pipeline of threads: one admits, intends, claims and seals a batch while the
/// next publishes and settles the one before, and the last acknowledges the one before that. They do only what is short; what
/// waits is in the waiting room, what is long in the seal pool.
/// </summary>
internal sealed partial class Lane : IDisposable
{
    /// <summary>Requests admitted together.</summary>
    public const int BatchLimit = 1024;

    /// <summary>Beyond this a batch without syncs gains nothing from being larger.</summary>
    private const int SmallBatch = 16;

    /// <summary>
    /// With so many requests between intend and acknowledge no further batch, which has at most as many, is begun. Each has a
    /// descriptor open, and a lane that ran out of them could not even tell why: so it leaves three quarters to others.
    /// </summary>
    public static int InWorkLimitOf(int descriptors) => Math.Clamp(descriptors / 8, 32, 3 * BatchLimit);

    private readonly LaneServices _services;
    private readonly BatchSync _sync;
    private readonly Thread[] _threads;
    private readonly Thread? _teller;
    private readonly Closings _closings;
    private volatile bool _isStopping;
    private volatile string? _fault;
    private long _waitsForDisk;
    private readonly WorkPulse _front = new();
    private readonly WorkPulse _back = new();
    private readonly WorkPulse _tell = new();
    private readonly RenameTurns _renames = new();

    public Lane(Durability durability, LaneServices services)
    {
        Durability = durability;
        _services = services;
        _sync = new BatchSync(services.SyncWorkers, services.Time);
        _closings = new Closings(services.Journal, services.Logger);
        _threads = services.IsPipelined ? [Start("lane front", FrontLoop), Start("lane back", BackLoop)] : [Start("lane", SingleLoop)];
        _teller = HasTeller ? Start("lane tell", TellLoop) : null;
    }

    private static Thread Start(string name, ThreadStart loop)
    {
        var thread = new Thread(loop) { Name = name, IsBackground = true };
        thread.Start();
        return thread;
    }

    public Durability Durability { get; }

    public Inbox Inbox { get; } = new();

    public WaitingRoom Room { get; } = new();

    /// <summary>Set when a sync after a publish failed, say: nothing more is published here until the daemon starts anew.</summary>
    public string? Fault => _fault;

    /// <summary>For how long the disk has kept it waiting, as the watch over the lanes saw it last; zero where that is not long.</summary>
    public TimeSpan WaitsForDisk
    {
        get => new(Interlocked.Read(ref _waitsForDisk));
        set => Interlocked.Exchange(ref _waitsForDisk, value.Ticks);
    }

    /// <summary>Everything that is waiting or in work for the route.</summary>
    public RouteQueue QueueOf(Route route)
    {
        RouteQueue working;
        lock (_working)
            working = RouteQueue.Of(_working.Where(commit => commit.Route == route));
        return Inbox.QueueOf(route).With(Room.QueueOf(route)).With(working);
    }

    /// <summary>How its threads do, in the order of the steps; where one thread does all, the others never begin.</summary>
    public IReadOnlyList<WorkPulse> Pulses => [_front, _back, _tell];

    /// <summary>Is there something that the thread should have taken up?</summary>
    public bool HasWaiting(WorkPulse pulse) => pulse == _front ? Inbox.Count > 0
        : pulse == _tell ? _settled.Count > 0
        : _sealed.Count > 0 && _publisher is null;

    public int InWork => Volatile.Read(ref _inWork);

    /// <summary>Requests that ever came into work: where it grows, commits keep coming.</summary>
    public long Entered => Interlocked.Read(ref _entered);

    public bool IsIdle => InWork == 0 && Inbox.Count == 0 && Room.ParkedCount == 0;

    public bool MarkerSeen(Route route, ReadOnlySpan<byte> item, Discovery how) => Inbox.TryAddMarker(route, item, how);

    public void Submit(Commit commit)
    {
        if (_isStopping)
            Abandon(commit);
        else
            Inbox.Add(commit);
    }

    /// <summary>The route is gone: its markers stay in staging, its calls are answered.</summary>
    public void Retire(Route route)
    {
        foreach (Commit commit in Inbox.Remove(route))
        {
            FreeNames(commit);
            Answer(commit, new Refusal(Reason.RouteNotFound, $"Route {route.Name} is no longer served.", "Use another route."));
        }
    }

    /// <summary>
    /// Takes the names of a commit that recovery found claimed, before the route is served: its marker still stands, and
    /// would be taken for a request without an item.
    /// </summary>
    public void TakeNames(Commit commit)
    {
        foreach (WorkKey key in Step1Admit.KeysOf(commit))
            Room.TryTake(commit, key);
    }

    /// <summary>A commit that recovery found claimed goes on at the seal. Its folders are held for it.</summary>
    public void Resume(Commit commit)
    {
        commit.Settings = commit.Route.Settings;
        commit.BusyLimit = _services.BusyLimit;
        commit.IsResumed = true;
        commit.Trace = CommitTrace.Start();
        Enter(commit);
        var decided = new List<Commit>();
        Seal(commit, decided);
        HandOver(decided);
    }

    /// <summary>
    /// A decided commit whose outcome could not be told before. Not while another request of its staging name is in work: it
    /// is tried again later, if its marker still stands then.
    /// </summary>
    public void Retell(Commit commit)
    {
        if (commit.Route.Folders is not { } folders || !folders.TryAcquire())
            return;
        if (!Room.TryTake(commit, new WorkKey(commit.Route.Name, WorkKeyKind.Source, commit.Source)))
        {
            folders.Release();
            return;
        }
        commit.Folders = folders;
        commit.IsRetold = true;
        Enter(commit);
        HandOver([commit]);
    }

    /// <summary>Closes results whose batch was the last one for a while: called about twice a second.</summary>
    public void CloseIdleResults() => _closings.SyncAndClose();

    private void SingleLoop()
    {
        while (!_isStopping)
        {
            _front.Rest();
            Inbox.Wait(Room.NextDue());
            _front.Begin();
            while (!_isStopping && TryAdmitBatch())
                PublishBatch();
            PublishBatch();
        }
    }

    private void Enter(Commit commit)
    {
        lock (_working)
            _working.Add(commit);
        commit.IsInWork = true;
        Interlocked.Increment(ref _entered);
        Interlocked.Increment(ref _inWork);
        if (commit.Settings.Durability == Durability.Full)
            Interlocked.Increment(ref _durableInWork);
    }

    /// <summary>Ends admission, lets what has an intent come to its end, and hands back the rest.</summary>
    public void Dispose()
    {
        _isStopping = true;
        Inbox.WakeUp();
        PulseBack();
        foreach (Thread thread in _threads)
            thread.Join();
        _settled.CompleteAdding();
        _teller?.Join();
        while ((InWork > 0 || Volatile.Read(ref _inPool) > 0) && PublishBatch(waitForPool: true))
        {
        }
        foreach (Commit commit in Room.TakeAll().Concat(Inbox.TakeReady()))
            Abandon(commit);
        _closings.SyncAndClose();
        _closings.Dispose();
        _settled.Dispose();
    }

    /// <summary>Its marker, if it has one, is found again by the next scan.</summary>
    private void Abandon(Commit commit)
    {
        commit.Root?.Dispose();
        Answer(commit, new Refusal(Reason.Busy, "The daemon is stopping.", "Ask again once it is back."));
    }
}
