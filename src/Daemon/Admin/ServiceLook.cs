using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Routes;
using AtomikD.Versions;

namespace AtomikD.Admin;

/// <summary>How the service does at one moment: what the page shows, and nothing that it must not.</summary>
internal sealed record ServiceLook
{
    public required DateTimeOffset At { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string Version { get; init; }

    public required string Machine { get; init; }

    /// <summary>AdminNames: without it no name of an item is in here.</summary>
    public required bool ShowsNames { get; init; }

    /// <summary>By name.</summary>
    public required IReadOnlyList<RouteLook> Routes { get; init; }

    public required long WatchOverflows { get; init; }

    public required long Rescans { get; init; }

    public required long RecoveredCommits { get; init; }

    /// <summary>Commits without a result whose route is not configured any more, by route.</summary>
    public IReadOnlyList<(string Route, string Staging, int Count)> Orphans { get; init; } = [];

    /// <summary>Why the journal could not be asked; null where it could.</summary>
    public string? JournalTrouble { get; init; }
}

/// <summary>How one route does.</summary>
internal sealed record RouteLook
{
    public required RouteSettings Settings { get; init; }

    public string Name => Settings.Name;

    /// <summary>Why it takes no commits; null where it does.</summary>
    public required string? Trouble { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required RouteQueue Queue { get; init; }

    public required bool IsDurable { get; init; }

    public required long Commits { get; init; }

    public required long Failures { get; init; }

    public required DateTimeOffset? LastCommitAt { get; init; }

    public required IReadOnlyList<ActivityMinute> Recent { get; init; }

    public required long Unmarked { get; init; }

    public required TimeSpan UnmarkedAge { get; init; }

    public required int StuckMarkers { get; init; }

    /// <summary>Some of them.</summary>
    public required IReadOnlyList<string> StuckNames { get; init; }

    public required long LostAndFound { get; init; }

    public required RecoverySummary? Recovery { get; init; }

    /// <summary>Live, retained or leaving versions that others use.</summary>
    public IReadOnlyList<VersionUse> Uses { get; init; } = [];

    /// <summary>What ought to be gone from the vault and is not.</summary>
    public IReadOnlyList<StuckThing> Undeletable { get; init; } = [];

    /// <summary>What the journal has; null where the route is not open, or the journal does not answer.</summary>
    public RouteRows? Rows { get; init; }
}

/// <summary>What the journal has of one route: a bounded part, the newest first.</summary>
internal sealed record RouteRows
{
    /// <summary>A count that stops here says "more than".</summary>
    public const int MostCounted = 10_000;

    public required long LiveNames { get; init; }

    public required long RetainedVersions { get; init; }

    public required long RetainedBytes { get; init; }

    /// <summary>Versions that policy no longer protects, not collected yet.</summary>
    public required long Backlog { get; init; }

    public required IReadOnlyList<FailureRow> Failures { get; init; }

    /// <summary>Names whose commits are held.</summary>
    public required IReadOnlyList<(string Name, string Reason)> Holds { get; init; }

    public required IReadOnlyList<LiveVersion> Live { get; init; }
}

/// <summary>A live version, and what rollback could bring back.</summary>
/// <param name="Row">The live one.</param>
/// <param name="Retained">Numbers, the one replaced last first; one more than is shown where there are more.</param>
internal sealed record LiveVersion(VersionRow Row, IReadOnlyList<long> Retained);

/// <summary>A version that a process uses, so that it is kept, or seen longer than it should be.</summary>
/// <param name="Version">Which.</param>
/// <param name="Pid">Of the process.</param>
/// <param name="Command">Of the process.</param>
/// <param name="MountPoint">Where the process sees it mounted; null where it holds a lock.</param>
internal sealed record VersionUse(VersionRow Version, int Pid, string Command, string? MountPoint);
