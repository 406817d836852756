using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Recovery;
using AtomikD.Routes;
using AtomikD.Staging;
using Microsoft.Extensions.Logging;

namespace AtomikD.Engine;

/// <summary>What the keepers of all routes share.</summary>
internal sealed class EngineCore
{
    private readonly Dictionary<(ulong Device, Durability Durability), Lane> _lanes = [];
    private readonly Lock _lock = new();
    private long _recovered;

    public long Rescans;

    public required LaneServices Services { get; init; }

    public required StagingWatcher Watcher { get; init; }

    public required ILogger Logger { get; init; }

    public required Trust BootTrust { get; init; }

    public required Action Wake { get; init; }

    public required Action CollectSoon { get; init; }

    public required Settings Settings { get; set; }

    public TimeProvider Time => Services.Time;

    public CommitJournal Journal => Services.Journal;

    /// <summary>Commits that recovery brought to an end since the start.</summary>
    public long RecoveredCommits => Interlocked.Read(ref _recovered);

    /// <summary>There is something new in the journal.</summary>
    public required Action HistoryGrew { get; init; }

    public void Recovered(RouteRecovery recovery)
    {
        Interlocked.Add(ref _recovered, recovery.Settled + recovery.ToResume.Count + recovery.PutBack);
        HistoryGrew();
    }

    public Lane LaneFor(ulong device, Durability durability)
    {
        lock (_lock)
        {
            if (!_lanes.TryGetValue((device, durability), out Lane? lane))
                _lanes.Add((device, durability), lane = new Lane(durability, Services));
            return lane;
        }
    }

    public IReadOnlyList<Lane> Lanes
    {
        get
        {
            lock (_lock)
                return [.. _lanes.Values];
        }
    }
}
