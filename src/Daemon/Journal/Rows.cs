using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Journal;

/// <summary>How the request came. The values are kept in the journal.</summary>
internal enum Door
{
    Marker = 1,
    Rpc = 2,
}

/// <summary>The values are kept in the journal.</summary>
internal enum Operation
{
    Commit = 1,
    Rollback = 2,
    Remove = 3,
}

/// <summary>Which marker was served: a marker of a settled commit is never a new request.</summary>
internal readonly record struct MarkerIdentity(Identity File, Timestamp Modified, long Size)
{
    public bool Matches(in FileStatus status) => File.Matches(status) && Modified == status.Modified && Size == status.Size;
}

/// <summary>One commit that has begun: written before the first rename, so that a crash can be judged.</summary>
internal sealed record Intent
{
    public required SlotId Id { get; init; }

    /// <summary>The random id of the vault, from vault/id.</summary>
    public required string Vault { get; init; }

    public required string Route { get; init; }

    /// <summary>Path of the staging folder, so that a route that is no longer configured can still be told of.</summary>
    public required string Staging { get; init; }

    public required Operation Operation { get; init; }

    public required Door Door { get; init; }

    /// <summary>Name in staging; empty for rollback, remove and uploads.</summary>
    public required Name Source { get; init; }

    /// <summary>Received into the vault, not staged.</summary>
    public bool IsUpload => Operation == Operation.Commit && Source.Length == 0;

    /// <summary>Name in the target.</summary>
    public required string Target { get; init; }

    public MarkerIdentity? Marker { get; init; }

    /// <summary>The staged item; for a rollback what stands in the retained slot; none for a remove.</summary>
    public Identity Item { get; init; }

    /// <summary>The copy that will be published in its stead, once there is one (CrossDevice = copy).</summary>
    public Identity Copy { get; init; }

    /// <summary>What stood at the destination when the commit began; none where nothing did.</summary>
    public Identity Live { get; init; }

    /// <summary>The row of the live version, 0 where there is none or a stranger's thing stands there.</summary>
    public long LiveSequence { get; init; }

    /// <summary>For a rollback: the row of the version to bring back, and its slot.</summary>
    public long FromSequence { get; init; }

    public SlotId FromSlot { get; init; }

    /// <summary>The number this commit gets if it succeeds.</summary>
    public required long Number { get; init; }

    public required string BootId { get; init; }

    public required uint Uid { get; init; }

    /// <summary>Claimed into the daemon's own folder in staging, because the target is on another file system.</summary>
    public bool CrossDevice { get; init; }

    public CommitOptions Options { get; init; } = CommitOptions.None;

    /// <summary>Rollback with hold, and its reason.</summary>
    public string? HoldReason { get; init; }
}

/// <summary>A result whose marker may still stand: kept until the marker is gone and staging was synced after that.</summary>
/// <param name="Id">Of the commit.</param>
/// <param name="Succeeded">Committed (or answered again), as opposed to refused.</param>
/// <param name="Receipt">The receipt's JSON; null where none is to be written.</param>
internal sealed record Unclosed(SlotId Id, string Vault, string Route, string Staging, Name Source, MarkerIdentity Marker, bool Succeeded, string? Receipt)
{
    /// <summary>The staged item of a success: if it stands in staging again, the target's file system has lost the commit.</summary>
    public Identity Item { get; init; }
}

/// <summary>The values are kept in the journal.</summary>
internal enum VersionState
{
    Live = 1,
    Retained = 2,

    /// <summary>Taken by collection or by a rollback: no longer to be had.</summary>
    Leaving = 3,
    Deleted = 4,
}

/// <summary>One committed state of a target name, or (number 0) what a stranger had put there.</summary>
internal sealed record VersionRow
{
    /// <summary>Position in the history of all routes; the key of the row.</summary>
    public long Sequence { get; init; }

    public required string Vault { get; init; }

    public required string Route { get; init; }

    public required string Name { get; init; }

    public required long Number { get; init; }

    public required VersionState State { get; init; }

    /// <summary>Where it is kept once replaced: the slot of the commit that replaced it.</summary>
    public SlotId Slot { get; init; }

    public required Identity Identity { get; init; }

    public required ItemKind Kind { get; init; }

    public long Files { get; init; }

    public long Bytes { get; init; }

    /// <summary>Wall clock, only for showing.</summary>
    public DateTimeOffset CommittedAt { get; init; }

    /// <summary>The journal's own clock when it was replaced; ages are measured by it.</summary>
    public TimeSpan ReplacedClock { get; init; }

    public bool Durable { get; init; }

    public Door Door { get; init; }

    public Operation Operation { get; init; } = Operation.Commit;

    public uint Uid { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public string? RequestId { get; init; }

    public string? Sha256 { get; init; }

    /// <summary>The number of the version it replaced; 0 where there was none.</summary>
    public long Replaced { get; init; }

    /// <summary>Taken down by a rollback: never the default target of the next one.</summary>
    public bool RolledBack { get; init; }

    /// <summary>The number under which a rollback made it live again; 0 where none did.</summary>
    public long Became { get; init; }
}

/// <summary>A request that was refused.</summary>
internal sealed record FailureRow
{
    public long Sequence { get; init; }

    public required string Route { get; init; }

    /// <summary>As shown: escaped where it is not text.</summary>
    public required string Name { get; init; }

    public required Door Door { get; init; }

    public required Reason Reason { get; init; }

    public required string Message { get; init; }

    public required DateTimeOffset At { get; init; }

    public uint Uid { get; init; }

    public string? RequestId { get; init; }
}

/// <summary>What the journal knows of one target name.</summary>
/// <param name="LastNumber">The highest number ever given; never issued again.</param>
/// <param name="Live">The live version, or null.</param>
/// <param name="HoldReason">Null = commits are not held.</param>
internal sealed record NameState(long LastNumber, LiveVersion? Live, string? HoldReason)
{
    public static NameState Unknown { get; } = new(0, null, null);
}

/// <summary>Of the live version what a commit that replaces it has to know.</summary>
/// <param name="Sequence">The key of its row.</param>
internal sealed record LiveVersion(long Sequence, long Number, Identity Identity);
