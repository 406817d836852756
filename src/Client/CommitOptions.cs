namespace AtomikD.Client;

/// <summary>How an item is committed. What is not set is as the route says.</summary>
public sealed record CommitOptions
{
    /// <summary>Replace what stands at the destination (true), or only create (false). Null, the default: as the route's <c>Overwrite</c> says.</summary>
    public bool? Overwrite { get; init; }

    /// <summary>
    /// Compare and swap: refused (<see cref="AtomikReason.VersionMismatch"/>) unless this version is live. 0 = nothing may be
    /// there; from 1 on it also asks to replace. Null, the default: any.
    /// </summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>
    /// 1 to 256 characters, unique per route. A success with the same id is answered again and not committed again. Null, the
    /// default: the library makes one, so its own retries are safe.
    /// </summary>
    public string? RequestId { get; init; }

    /// <summary>64 hexadecimal digits: of a file's contents, or of a folder's <c>SHA256SUMS</c>. Null, the default: not compared.</summary>
    public string? Sha256 { get; init; }

    /// <summary>You have synced the item to the disk, so it may be trusted after a power cut before the commit. Default: false.</summary>
    public bool Synced { get; init; }

    /// <summary>Kept with the version; at most 64.</summary>
    public IDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
