using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>What a deletion has done.</summary>
/// <param name="Entries">Names that are gone.</param>
/// <param name="Bytes">Of the disk, freed with files whose last name went.</param>
/// <param name="Error">None: nothing of it is left. Else the first that could not be deleted; the rest was gone on with.</param>
/// <param name="Path">What that was, from the name of the deleted thing down.</param>
internal sealed record DeleteResult(long Entries, long Bytes, Errno Error, string? Path);
