namespace AtomikD.Client;

/// <summary>A success or a failure, as the daemon's history keeps it.</summary>
public sealed record HistoryEntry
{
    /// <summary>Position in the history of all routes; there are gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>When, by the clock of the daemon's host.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Name of the route.</summary>
    public required string Route { get; init; }

    /// <summary>Name in the target folder; of a failure, in staging where the target name is not known.</summary>
    public required string Name { get; init; }

    /// <summary>The way the request came in.</summary>
    public CommitDoor Door { get; init; }

    /// <summary>What was done; <see cref="CommitOperation.Unknown"/> of a failure.</summary>
    public CommitOperation Operation { get; init; }

    /// <summary>The version that was made or taken down; null for a failure.</summary>
    public CommittedVersion? Version { get; init; }

    /// <summary>Why it failed; null for a success.</summary>
    public HistoryFailure? Failure { get; init; }

    /// <summary>The user who asked: the name on the daemon's host, else the number.</summary>
    public string RequestedBy { get; init; } = "";

    /// <summary>As the request gave it; empty where it gave none.</summary>
    public string RequestId { get; init; } = "";
}

/// <summary>Why a request failed.</summary>
public sealed record HistoryFailure
{
    /// <summary>Why.</summary>
    public required AtomikReason Reason { get; init; }

    /// <summary>For people; it may change.</summary>
    public required string Message { get; init; }
}

/// <summary>The way a request came in.</summary>
public enum CommitDoor
{
    /// <summary>Not known to this version of the library.</summary>
    Unknown = 0,

    /// <summary>A marker in the staging folder.</summary>
    Marker,

    /// <summary>A call over the socket.</summary>
    Rpc,
}
