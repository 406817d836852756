using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>What an inspection asks of an item beside its being of kinds that can be published.</summary>
internal sealed record InspectionRules
{
    /// <summary>ctime of the marker: what has a later one is ItemBusy. Null = not asked.</summary>
    public Timestamp? MarkerChanged { get; init; }

    /// <summary>
    /// Their mtime is asked instead: the item has been given owner and modes before, which changed every ctime in it.
    /// </summary>
    public bool JudgesByModified { get; init; }

    /// <summary>Every regular file must grant a read lease; none does while anyone has it open for writing.</summary>
    public bool AskLeases { get; init; }

    /// <summary>A regular file must have no more links than the item holds.</summary>
    public bool RefuseOutsideLinks { get; init; }

    /// <summary>Tells the files whose sync has failed before.</summary>
    public Func<FileStatus, bool>? IsPoisoned { get; init; }

    /// <summary>st_dev of the item's root; null = the root's own.</summary>
    public ulong? Device { get; init; }

    /// <summary>Stop after so many entries, the root included; null = look at all.</summary>
    public long? QuickLimit { get; init; }

    /// <summary>The root's own ctime is not judged: a rename has changed it.</summary>
    public bool SkipRootChange { get; init; }
}
