using AtomikD.Versions;

namespace AtomikD.Trees;

/// <summary>What an item consists of.</summary>
/// <param name="Kind">Of the root.</param>
/// <param name="Files">Regular files, each name counted.</param>
/// <param name="Bytes">Their sizes.</param>
/// <param name="Entries">Everything, the root included.</param>
internal sealed record TreeFacts(ItemKind Kind, long Files, long Bytes, long Entries)
{
    /// <summary>The entry limit of a quick look was reached: there is more.</summary>
    public bool Partial { get; init; }

    /// <summary>Of regular files the one that was left alone the longest; the far future where there is none.</summary>
    public Linux.Timestamp OldestChange { get; init; } = new(long.MaxValue, 0);
}
