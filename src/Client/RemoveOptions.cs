namespace AtomikD.Client;

/// <summary>How a name is taken down.</summary>
public sealed record RemoveOptions
{
    /// <summary>Refused (<see cref="AtomikReason.VersionMismatch"/>) unless this version is live. Null, the default: any.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>As in <see cref="CommitOptions.RequestId"/>. Null, the default: the library makes one.</summary>
    public string? RequestId { get; init; }
}
