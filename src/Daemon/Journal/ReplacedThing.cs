using AtomikD.Versions;

namespace AtomikD.Journal;

/// <summary>What a commit found at its destination, and what now stands in its slot.</summary>
/// <param name="IsLiveRow">It is the version that the journal holds for live; false = a stranger's thing.</param>
internal sealed record ReplacedThing(Identity Identity, ItemKind Kind, bool IsLiveRow);
