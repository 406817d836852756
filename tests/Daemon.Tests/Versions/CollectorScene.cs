using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Recovery;
using AtomikD.Routes;
using AtomikD.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Versions;

/// <summary>One route with real folders, journal and lane, and clocks that the test moves. Versions are published by hand.</summary>
internal sealed class CollectorScene : TimeProvider, IDisposable
{
    private readonly TempFolder _state = new();
    private readonly TempFolder? _disk;
    private readonly ILoggerFactory _loggers;
    private readonly LaneServices _services;
    private readonly int _thread = Environment.CurrentManagedThreadId;

    /// <param name="disk">Where staging and target are; a folder of its own where null.</param>
    /// <param name="change">Of the route's settings: by default nothing is kept, and not for any time.</param>
    public CollectorScene(string? disk = null, Func<RouteSettings, RouteSettings>? change = null)
    {
        Disk = disk ?? (_disk = new TempFolder()).Path;
        Directory.CreateDirectory(Staging);
        Directory.CreateDirectory(Target);
        _loggers = Logs.NewFactory();
        Logger = _loggers.CreateLogger("collector");
        var settings = new RouteSettings
        {
            Name = "site",
            Staging = Staging,
            Target = Target,
            Vault = $"{Target}/.atomikd",
            Overwrite = OverwritePolicy.Always,
            Keep = 0,
            KeepFor = TimeSpan.Zero,
        };
        Route = new Route(change?.Invoke(settings) ?? settings);
        Journal = CommitJournal.Open(_state["state"], this, BootInfo.Read(), Logger, Clock);
        Pool = new SealPool(1);
        _services = new LaneServices
        {
            Journal = Journal,
            Boot = BootInfo.Read(),
            Time = this,
            Pool = Pool,
            Logger = Logger,
            SyncWorkers = 1,
            InWorkLimit = Lane.InWorkLimitOf(Descriptors.Limit),
            BusyLimit = TimeSpan.FromSeconds(10),
            IsPipelined = true,
            Spans = new AtomikD.Telemetry.CommitSpans(this),
            FoldersLost = (route, why) => route.Stop(why),
            Finished = _ => { },
        };
        Lane = new Lane(Route.Settings.Durability, _services);
        Folders = OpenFoldersOf(Route);
        Route.Serve(Folders, Lane);
        Collector = new Collector(Journal, this, Logger);
    }

    public string Disk { get; }

    public string Staging => $"{Disk}/staging";

    public string Target => $"{Disk}/target";

    public string VaultPath => $"{Target}/.atomikd";

    public LogWatch Logs { get; } = new();

    public ILogger Logger { get; }

    public Route Route { get; }

    public OpenFolders Folders { get; private set; }

    public CommitJournal Journal { get; }

    public SealPool Pool { get; }

    public Lane Lane { get; }

    public Collector Collector { get; private set; }

    /// <summary>The journal's clock goes by it.</summary>
    public TimeSpan BootTime { get; private set; } = TimeSpan.FromHours(5);

    public DateTimeOffset Wall { get; set; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Wall;

    public override long GetTimestamp() => BootTime.Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Called each time the thread of the test itself reads the journal's clock, but for the transactions that it leads.</summary>
    public Action? OnClock { get; set; }

    public void Pass(TimeSpan time) => BootTime += time;

    public CollectResult Collect(bool now = false, CancellationToken stop = default) => Collector.Collect(Route, Folders, Lane, now, stop);

    public void EmptyTrash() => Collector.EmptyTrash(Folders, Lane, CancellationToken.None);

    /// <summary>Another run of the daemon, as far as the collector can tell.</summary>
    public void StartAnew()
    {
        Route.Stop("the test starts it anew");
        Folders = OpenFoldersOf(Route);
        new RouteRecovery { Route = Route, Folders = Folders, Services = _services }.Run();
        Route.Serve(Folders, Lane);
        Collector = new Collector(Journal, this, Logger);
    }

    /// <summary>A new version of a name, a folder with one file; what was live before is retained.</summary>
    public VersionRow Publish(string name, string contents) => Publish(name, item =>
    {
        Directory.CreateDirectory(item);
        Producer.Write($"{item}/file", contents);
    });

    /// <summary>A new version of a name, made by <paramref name="make"/> at the path it is given. Nothing is synced.</summary>
    public VersionRow Publish(string name, Action<string> make)
    {
        NameState before = Journal.Write(durable: false, session => session.FindName(Folders.Vault.Id, name));
        SlotId id = Journal.NextSlot();
        Name slot = Vault.SlotName(id, name);
        make(PathOf(id, name));
        Identity item = Look(Folders.Vault.Folder, slot, out FileStatus status);
        bool isFirst = Stat.StatAt(Folders.Target, Name.Of(name), out _) == Errno.ENOENT;
        Assert.Equal(Errno.None, Stdio.RenameAt2(Folders.Vault.Folder, slot, Folders.Target, Name.Of(name), isFirst ? Stdio.RENAME_NOREPLACE : Stdio.RENAME_EXCHANGE));
        var intent = new Intent
        {
            Id = id,
            Vault = Folders.Vault.Id,
            Route = Route.Name,
            Staging = Staging,
            Operation = Operation.Commit,
            Door = Door.Marker,
            Source = Name.Of(name),
            Target = name,
            Item = item,
            Live = before.Live?.Identity ?? default,
            LiveSequence = before.Live?.Sequence ?? 0,
            Number = before.LastNumber + 1,
            BootId = "boot",
            Uid = 0,
        };
        var row = new VersionRow
        {
            Vault = intent.Vault,
            Route = intent.Route,
            Name = name,
            Number = intent.Number,
            State = VersionState.Live,
            Identity = item,
            Kind = status.KindOf(),
            Files = 1,
            CommittedAt = Wall,
        };
        Identity old = Look(Folders.Vault.Folder, slot, out FileStatus oldStatus);
        ReplacedThing? replaced = isFirst ? null : new ReplacedThing(old, oldStatus.KindOf(), old == intent.Live);
        long sequence = Journal.Write(durable: true, session =>
        {
            session.InsertIntent(intent);
            return session.Settle(intent, row, replaced, null, Route.Settings.Keep);
        });
        Pass(TimeSpan.FromTicks(1));
        return Find(sequence);
    }

    /// <summary>Two versions, of which the first is due; that one, as it is retained.</summary>
    public VersionRow Replace(string name, string old = "old")
    {
        long first = Publish(name, old).Sequence;
        Publish(name, "new");
        return Find(first);
    }

    public VersionRow Find(long sequence) => Journal.Write(durable: false, session => session.Find(sequence))!;

    public VersionState StateOf(VersionRow row) => Find(row.Sequence).State;

    public string PathOf(VersionRow row) => PathOf(row.Slot, row.Name);

    public string PathOf(SlotId id, string name) => $"{VaultPath}/{Vault.SlotName(id, name)}";

    public string InTrash(VersionRow row) => $"{VaultPath}/trash/{Vault.SlotName(row.Slot, row.Name)}";

    /// <summary>Everything below a folder of the vault, as paths.</summary>
    public string[] Entries(string folder = "trash") => Directory.GetFileSystemEntries($"{VaultPath}/{folder}");

    public int Logged(string eventName) => Logs.Records.Count(record => record.Name == eventName);

    public void Dispose()
    {
        Lane.Dispose();
        Pool.Dispose();
        Folders.Dispose();
        Journal.Dispose();
        _loggers.Dispose();
        _state.Dispose();
        _disk?.Dispose();
    }

    private TimeSpan Clock()
    {
        if (Environment.CurrentManagedThreadId == _thread && Journal is { IsLedHere: false })
            OnClock?.Invoke();
        return BootTime;
    }

    private static Identity Look(Fd folder, Name name, out FileStatus status) =>
        Stat.StatAt(folder, name, out status) == Errno.None ? Identity.Of(folder, name, status) : default;

    private static OpenFolders OpenFoldersOf(Route route)
    {
        Refusal? refusal = OpenFolders.Open(route.Settings, crossDevice: false, durable: true, needsPolling: false, default, default, out OpenFolders? folders);
        Assert.True(refusal is null, refusal?.Message);
        return folders!;
    }
}
