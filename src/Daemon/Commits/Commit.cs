using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Staging;
using AtomikD.Telemetry;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Commits;

/// <summary>
/// One request on its way through the seven steps. It belongs to one thread at a time: the step that has it in hand.
/// </summary>
internal sealed class Commit
{
    public required Route Route { get; init; }

    /// <summary>Name in staging. Empty for rollback, remove and uploads.</summary>
    public required Name Source { get; init; }

    /// <summary>Of an upload: the name in the vault's upload folder; empty where recovery found it claimed.</summary>
    public Name? UploadName { get; init; }

    public required Door Door { get; init; }

    public Operation Operation { get; init; } = Operation.Commit;

    public Discovery How { get; set; } = Discovery.Found;

    /// <summary>Who waits for the answer; null for a marker, which is answered by a receipt.</summary>
    public CommitReply? Reply { get; init; }

    /// <summary>Of a rollback: the wanted number, 0 = the newest that no rollback has taken down.</summary>
    public long To { get; init; }

    /// <summary>Of a rollback: hold the name afterwards.</summary>
    public string? HoldReason { get; init; }

    public uint Uid { get; set; }

    /// <summary>Monotonic time stamp of the moment when it was heard of.</summary>
    public long ArrivedAt { get; init; } = Stopwatch.GetTimestamp();

    public CommitOptions Options { get; set; } = CommitOptions.None;

    /// <summary>Name in the target.</summary>
    public string Target { get; set; } = "";

    /// <summary>Monotonic milliseconds when it was first looked at: the time allowed to a busy item counts from here.</summary>
    public long FirstLook { get; set; }

    public int Parks { get; set; }

    /// <summary>The time allowed to a busy item.</summary>
    public TimeSpan BusyLimit { get; set; }

    /// <summary>The policy that it was admitted with; a reload does not change it.</summary>
    public RouteSettings Settings { get; set; } = null!;

    public OpenFolders Folders { get; set; } = null!;

    public Marker? Marker { get; set; }

    public FileStatus ItemStatus { get; set; }

    public Identity Item { get; set; }

    /// <summary>What stands at the destination; none where nothing does.</summary>
    public Identity Live { get; set; }

    public FileStatus LiveStatus { get; set; }

    /// <summary>At most 64 entries and 1 MiB, no checksum, no copy: sealed by the lane's own thread.</summary>
    public bool IsSmall { get; set; }

    /// <summary>Written before this boot and not known to be synced: its sha256 must verify.</summary>
    public bool IsDistrusted { get; set; }

    public bool CanCreate { get; set; }

    public bool CanReplace { get; set; }

    public SlotId Id { get; set; }

    /// <summary>Set by the intend step; from then on the journal knows of it.</summary>
    public Intent? Intent { get; set; }

    /// <summary>Something of it stands in its slot (or in the daemon's folder in staging).</summary>
    public bool IsClaimed { get; set; }

    /// <summary>Open on the item: a folder's descriptor, or a file's with the lease that is held until after the publish.</summary>
    public Fd? Root { get; set; }

    /// <summary>Of a file item: a read lease is held on <see cref="Root"/>.</summary>
    public bool HoldsLease { get; set; }

    /// <summary>What stood at the destination is the live version that the journal knows.</summary>
    public bool LiveIsOurs { get; set; }

    /// <summary>The number of the version that was live when the commit was decided.</summary>
    public long ReplacedNumber { get; set; }

    public TreeFacts Facts { get; set; } = new(ItemKind.Other, 0, 0, 0);

    /// <summary>The claimed root, as the seal found it.</summary>
    public FileStatus RootStatus { get; set; }

    /// <summary>Owner and mode of the root before the seal changed them; null where it did not.</summary>
    public FileStatus? RootBefore { get; set; }

    public bool NeedsSync { get; set; }

    public bool IsPublished { get; set; }

    public ReplacedThing? Replaced { get; set; }

    public Refusal? Refusal { get; set; }

    /// <summary>Set when a sync failed: these identities are never trusted again in this boot.</summary>
    public List<Identity>? Poisoned { get; set; }

    /// <summary>The earlier success that this request repeats.</summary>
    public VersionRow? Repeats { get; set; }

    /// <summary>Back to the waiting room after this batch: the item was busy, or not the one that was admitted.</summary>
    public TimeSpan? Again { get; set; }

    public VersionRow? Version { get; set; }

    /// <summary>Where a refused item is now.</summary>
    public string? ItemIsAt { get; set; }

    /// <summary>Another item stands at its name, so it was put back beside it, and cannot be asked again.</summary>
    public bool IsBeside { get; set; }

    public Unclosed? Unclosed { get; set; }

    /// <summary>Decided before, only its telling is tried again.</summary>
    public bool IsRetold { get; set; }

    /// <summary>Claimed by an earlier run, which may have sealed some of it.</summary>
    public bool IsResumed { get; set; }

    /// <summary>Null where nobody listens to traces.</summary>
    public CommitTrace? Trace { get; set; }

    /// <summary>Between admission and the end of its batch.</summary>
    public bool IsInWork { get; set; }

    /// <summary>Held keys: nothing else with the same staging name, target name or request id is in work.</summary>
    public List<WorkKey> Keys { get; } = [];

    public Name SlotName
    {
        get
        {
            if (_slotName is null || _slotNameOf != (Id, Target))
                (_slotName, _slotNameOf) = (Vault.SlotName(Id, Target), (Id, Target));
            return _slotName;
        }
    }

    private Name? _slotName;
    private (SlotId, string) _slotNameOf;

    /// <summary>The item was received into the vault itself: no staging folder, no marker and no lease comes into it.</summary>
    public bool IsUpload => UploadName is not null;

    /// <summary>The item has to be copied to the target's file system.</summary>
    public bool IsCrossDevice => Operation == Operation.Commit && !IsUpload && Folders.CrossDevice;

    /// <summary>Of the item, for messages.</summary>
    public string ShownPath => IsUpload ? $"the upload of {Target}" : _shownPath ??= Folders.ItemPath(Source);

    private string? _shownPath;

    /// <summary>Forgets what the last attempt found, so that it can be admitted anew.</summary>
    public void StartOver()
    {
        _shownPath = null;
        Root?.Dispose();
        Root = null;
        Marker = Door == Door.Marker ? null : Marker;
        Intent = null;
        Repeats = null;
        ItemIsAt = null;
        IsClaimed = false;
        RootBefore = null;
        HoldsLease = false;
        IsResumed = false;
        ItemIsAt = null;
        Refusal = null;
        Poisoned = null;
        Again = null;
        IsDistrusted = false;
        NeedsSync = false;
    }
}

/// <summary>What came of a request.</summary>
/// <param name="Version">The committed version; null where it was refused.</param>
/// <param name="Repeated">An earlier commit with the same request id did it.</param>
/// <param name="Refusal">Why not; null where it succeeded.</param>
/// <param name="ItemIsAt">Where a refused item is now.</param>
internal sealed record CommitResult(VersionRow? Version, bool Repeated, Refusal? Refusal, string? ItemIsAt);
