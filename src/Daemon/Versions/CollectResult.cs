using AtomikD.Journal;
using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>Why a version that policy no longer protects still stands.</summary>
internal enum SpareReason
{
    /// <summary>A reader holds it by flock, or nobody can tell; HoldMax has not passed.</summary>
    Held,

    /// <summary>A visible mount namespace has it, or something in it, mounted.</summary>
    Mounted,

    /// <summary>The file system refuses.</summary>
    Undeletable,
}

/// <summary>A version that one pass left alone, and why.</summary>
internal sealed record SpareReport(VersionRow Version, SpareReason Why)
{
    /// <summary>Of Mounted: who has it where.</summary>
    public MountUse? Mount { get; init; }

    /// <summary>Of Undeletable: what exactly.</summary>
    public string? Path { get; init; }

    public Errno Error { get; init; }
}

/// <summary>What one pass over one route did.</summary>
/// <param name="Deleted">Versions that are gone.</param>
/// <param name="Bytes">Of the disk, freed.</param>
/// <param name="Spared">Due, but not deleted.</param>
internal sealed record CollectResult(int Deleted, long Bytes, IReadOnlyList<SpareReport> Spared)
{
    public static CollectResult Nothing { get; } = new(0, 0, []);
}
