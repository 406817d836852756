using AtomikD.Linux;

namespace AtomikD.Commits;

internal enum WorkKeyKind
{
    Source,
    Target,
    RequestId,
}

/// <summary>What at most one commit at a time may have in work: a staging name, a target name or a request id of a route.</summary>
internal readonly record struct WorkKey(string Route, WorkKeyKind Kind, Name Value);
