namespace AtomikD.Client;

/// <summary>One committed state of a name in a route's target folder.</summary>
public sealed record CommittedVersion
{
    /// <summary>Name of the route.</summary>
    public required string Route { get; init; }

    /// <summary>Name in the target folder.</summary>
    public required string Name { get; init; }

    /// <summary>1, 2, 3 … per route and name. 0: what somebody else put there.</summary>
    public required long Number { get; init; }

    /// <summary>Number of the version that it replaced; 0: none, or what somebody else had put there.</summary>
    public long Replaced { get; init; }

    /// <summary>Whether it is live, kept for a rollback, or gone.</summary>
    public VersionState State { get; init; } = VersionState.Live;

    /// <summary>When, by the clock of the daemon's host.</summary>
    public DateTimeOffset CommittedAt { get; init; }

    /// <summary>It was on the disk, contents included, before the commit was acknowledged.</summary>
    public bool Durable { get; init; }

    /// <summary>File or folder.</summary>
    public ItemKind Kind { get; init; }

    /// <summary>Regular files in it; 1 for a file.</summary>
    public long Files { get; init; }

    /// <summary>Sum of the sizes of its regular files, in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The user who asked for the commit: the name on the daemon's host, else the number. Empty from <see cref="MarkerClient"/>.</summary>
    public string CommittedBy { get; init; } = "";

    /// <summary>As the request gave them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where it stands on the daemon's host; empty where it does not any more.</summary>
    public string Path { get; init; } = "";

    /// <summary>An earlier request with the request id of the caller did it, and this one changed nothing.</summary>
    public bool Repeated { get; init; }
}

/// <summary>Where a version is in its life.</summary>
public enum VersionState
{
    /// <summary>Not known to this version of the library.</summary>
    Unknown = 0,

    /// <summary>At its destination.</summary>
    Live,

    /// <summary>Replaced or taken down, and kept for a rollback.</summary>
    Retained,

    /// <summary>Known by its number only.</summary>
    Deleted,
}

/// <summary>What an item is.</summary>
public enum ItemKind
{
    /// <summary>Not known to this version of the library.</summary>
    Unknown = 0,

    /// <summary>A file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>Neither: what somebody else had put there.</summary>
    Other,
}
