using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>What ought to be gone from a vault and is not.</summary>
/// <param name="Path">What could not be deleted or moved.</param>
/// <param name="Error">Why; EBUSY where it is mounted.</param>
/// <param name="TriedAt">Timestamp of the time provider.</param>
internal sealed record StuckThing(string Path, Errno Error, long TriedAt);
