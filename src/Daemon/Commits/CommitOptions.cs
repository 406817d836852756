namespace AtomikD.Commits;

/// <summary>What a marker or a call asks for beside the item itself.</summary>
internal sealed record CommitOptions
{
    public static CommitOptions None { get; } = new();

    /// <summary>Name in the target; null = the item's.</summary>
    public string? Name { get; init; }

    /// <summary>Null = not said, the route's policy decides.</summary>
    public bool? Overwrite { get; init; }

    /// <summary>0 = must not exist; null = any.</summary>
    public long? ExpectedVersion { get; init; }

    public string? RequestId { get; init; }

    /// <summary>64 lower-case hexadecimal digits: of a file's contents, or of a folder's SHA256SUMS.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The producer has synced the item before marking it.</summary>
    public bool Synced { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public string? Traceparent { get; init; }
}
