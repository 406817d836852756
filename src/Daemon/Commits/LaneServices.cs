using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Telemetry;
using Microsoft.Extensions.Logging;

namespace AtomikD.Commits;

/// <summary>What every lane works with.</summary>
internal sealed class LaneServices
{
    public required CommitJournal Journal { get; init; }

    public required BootInfo Boot { get; init; }

    public required TimeProvider Time { get; init; }

    public required SealPool Pool { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Threads that sync the small items of one batch.</summary>
    public required int SyncWorkers { get; init; }

    /// <summary>Requests between intend and acknowledge from which on a lane's admission waits, and the most that one batch has.</summary>
    public required int InWorkLimit { get; init; }

    /// <summary>False: the parts of a lane run in turn on one thread, for tests that count system calls.</summary>
    public required bool IsPipelined { get; init; }

    /// <summary>An item that is busy is asked again for so long, then refused.</summary>
    public required TimeSpan BusyLimit { get; init; }

    /// <summary>Told the name of each step that is done, for tests that stop there; null in the service.</summary>
    public Action<string>? Step { get; init; }

    /// <summary>A folder of the route is not what it was: the route stops until it is right again.</summary>
    public required Action<Route, string> FoldersLost { get; init; }

    /// <summary>Null where nothing is counted.</summary>
    public EngineMetrics? Metrics { get; init; }

    public required CommitSpans Spans { get; init; }

    /// <summary>A commit was decided and told.</summary>
    public required Action<Commit> Finished { get; init; }
}
