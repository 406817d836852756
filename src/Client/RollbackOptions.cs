namespace AtomikD.Client;

/// <summary>How a name is rolled back.</summary>
public sealed record RollbackOptions
{
    /// <summary>Number of the version to bring back. 0, the default: the newest retained one that no rollback has taken down.</summary>
    public long To { get; init; }

    /// <summary>Refuse further commits of the name (<see cref="AtomikReason.Held"/>) until it is released. Default: false.</summary>
    public bool Hold { get; init; }

    /// <summary>Told to whoever meets the hold.</summary>
    public string? Reason { get; init; }

    /// <summary>Refused (<see cref="AtomikReason.VersionMismatch"/>) unless this version is live. Null, the default: any.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>As in <see cref="CommitOptions.RequestId"/>. Null, the default: the library makes one.</summary>
    public string? RequestId { get; init; }
}
