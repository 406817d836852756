namespace AtomikD.Client;

/// <summary>How the daemon does.</summary>
public sealed record ServiceStatus
{
    /// <summary>The routes that the caller may use, by name.</summary>
    public required IReadOnlyList<RouteStatus> Routes { get; init; }

    /// <summary>Of the daemon, like 1.2.3.</summary>
    public string DaemonVersion { get; init; } = "";

    /// <summary>When it was started, by the clock of its host.</summary>
    public DateTimeOffset StartedAt { get; init; }
}

/// <summary>What one route is, and how it does. Paths are those of the daemon's host.</summary>
public sealed record RouteStatus
{
    /// <summary>Name of the route.</summary>
    public required string Name { get; init; }

    /// <summary>Its staging folder.</summary>
    public required string Staging { get; init; }

    /// <summary>Its target folder.</summary>
    public required string Target { get; init; }

    /// <summary>Its vault.</summary>
    public string Vault { get; init; } = "";

    /// <summary>It takes commits, and they are published.</summary>
    public bool IsHealthy { get; init; }

    /// <summary>Why it is not healthy, and what to do; empty where it is.</summary>
    public string Trouble { get; init; } = "";

    /// <summary>What works but deserves attention.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>never, on-request or always, as configured.</summary>
    public string Overwrite { get; init; } = "";

    /// <summary>Commits are acknowledged once they are on the disk.</summary>
    public bool IsDurable { get; init; }

    /// <summary>Largest upload, in bytes.</summary>
    public long MaxUpload { get; init; }

    /// <summary>Requests that wait or are in work.</summary>
    public long QueueLength { get; init; }

    /// <summary>Age of the oldest of them; zero where there is none.</summary>
    public TimeSpan QueueOldestAge { get; init; }

    /// <summary>Replaced versions that are kept for a rollback.</summary>
    public long RetainedVersions { get; init; }

    /// <summary>Their size, in bytes.</summary>
    public long RetainedBytes { get; init; }

    /// <summary>Items in staging that no marker speaks for, as of the last scan.</summary>
    public long UnmarkedItems { get; init; }

    /// <summary>Age of the oldest of them; zero where there is none.</summary>
    public TimeSpan UnmarkedOldestAge { get; init; }

    /// <summary>Markers whose outcome cannot be told, because their receipt cannot be written.</summary>
    public long StuckMarkers { get; init; }

    /// <summary>Entries of the vault's <c>lost+found</c>, for an operator to look at.</summary>
    public long LostAndFound { get; init; }

    /// <summary>Since the daemon was started.</summary>
    public long Commits { get; init; }

    /// <summary>Since the daemon was started.</summary>
    public long Failures { get; init; }

    /// <summary>Null where there was none since the daemon was started.</summary>
    public DateTimeOffset? LastCommitAt { get; init; }

    /// <summary>Names whose commits are held, and why.</summary>
    public IReadOnlyDictionary<string, string> HeldNames { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>What a collection took away.</summary>
/// <param name="DeletedVersions">Number of versions.</param>
/// <param name="ReclaimedBytes">Their size, in bytes.</param>
public sealed record PruneResult(long DeletedVersions, long ReclaimedBytes);
