using System.Collections.Concurrent;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Routes;

/// <summary>The one holder of what changes about a route: its policy after a reload, its open folders, its health.</summary>
internal sealed class Route(RouteSettings settings)
{
    private volatile RouteSettings _settings = settings;
    private volatile OpenFolders? _folders;
    private volatile string _trouble = "not opened yet";
    private volatile Complaint? _complaint;
    private int _scanNeeded = 1;
    private long _commits;
    private long _failures;

    public string Name { get; } = settings.Name;

    public RouteSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    /// <summary>Null while the route does not take commits.</summary>
    public OpenFolders? Folders => _folders;

    public Lane? Lane { get; private set; }

    /// <summary>Of the vault that was opened last; null where none was yet.</summary>
    public string? VaultId { get; private set; }

    /// <summary>Why the route takes no commits, or null.</summary>
    public string? Trouble => _folders is null ? _trouble : Lane?.Fault ?? _complaint?.Why;

    /// <summary>The same for those who may not read the names of items.</summary>
    public string? TroubleWithoutNames =>
        _folders is null ? _trouble : Lane?.Fault ?? (_complaint is { NamesItem: true } ? "a marker cannot be looked at; the service's log says which" : _complaint?.Why);

    /// <summary>What the probe found that works but deserves attention.</summary>
    public IReadOnlyList<string> ProbeWarnings { get; set; } = [];

    /// <summary>What works but deserves attention.</summary>
    public IReadOnlyList<string> Warnings => Lane?.WaitsForDisk is { Ticks: > 0 } wait
        ? [.. ProbeWarnings, $"The disk keeps commits waiting, for {(long)wait.TotalSeconds} s now; they are late, and nothing is lost. The kernel's log may say why (dmesg)."]
        : ProbeWarnings;

    /// <summary>Markers whose outcome cannot be told yet.</summary>
    public StuckMarkers Stuck { get; } = new();

    public PutBacks PutBacks { get; } = new();

    /// <summary>Files whose sync failed in this boot. Empty on a healthy disk.</summary>
    public ConcurrentDictionary<(ulong Inode, Timestamp Born), byte> Poisoned { get; } = new();

    /// <summary>Items in staging without a marker, as the last scan counted them.</summary>
    public UnmarkedItems Unmarked { get; set; } = UnmarkedItems.None;

    /// <summary>Entries of lost+found, as the last opening counted them.</summary>
    public long Strays { get; set; }

    public long Commits => Interlocked.Read(ref _commits);

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Of this run or one before.</summary>
    public DateTimeOffset? LastCommitAt { get; set; }

    /// <summary>What came of the last hour's requests.</summary>
    public RecentActivity Recent { get; } = new();

    /// <summary>What recovery did when the route was opened last; null where it was not yet.</summary>
    public RecoverySummary? LastRecovery { get; set; }

    public void CountCommit(DateTimeOffset at)
    {
        Interlocked.Increment(ref _commits);
        LastCommitAt = at;
        Recent.Count(at, isCommit: true);
    }

    public void CountFailure(DateTimeOffset at)
    {
        Interlocked.Increment(ref _failures);
        Recent.Count(at, isCommit: false);
    }

    public bool IsPoisoned(FileStatus status) => !Poisoned.IsEmpty && Poisoned.ContainsKey((status.Inode, status.Born));

    public void Poison(Identity identity) => Poisoned.TryAdd((identity.Inode, identity.Born), 0);

    public void Serve(OpenFolders folders, Lane lane)
    {
        Lane = lane;
        VaultId = folders.Vault.Id;
        _complaint = null;
        _folders = folders;
    }

    /// <summary>Stops admission. The folders are closed once nothing in work uses them.</summary>
    public OpenFolders? Stop(string why)
    {
        _trouble = why;
        OpenFolders? folders = Interlocked.Exchange(ref _folders, null);
        folders?.Dispose();
        return folders;
    }

    /// <summary>Still open, but for the moment nothing is published: the journal or the disk refuses.</summary>
    public void Complain(string? why, bool namesItem = false) => _complaint = why is null ? null : new Complaint(why, namesItem);

    /// <summary>Asks for a scan of the staging folder.</summary>
    public void NeedScan() => Volatile.Write(ref _scanNeeded, 1);

    public bool TakeScanNeeded() => Interlocked.Exchange(ref _scanNeeded, 0) == 1;

    private sealed record Complaint(string Why, bool NamesItem);
}
