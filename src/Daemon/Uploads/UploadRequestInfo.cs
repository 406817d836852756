using System.Diagnostics;
using AtomikD.Commits;

namespace AtomikD.Uploads;

/// <summary>What an upload says of itself before its data.</summary>
/// <param name="Name">Name in the target.</param>
/// <param name="IsFolder">The data is a tar stream of what the folder holds; else it is a file's bytes.</param>
/// <param name="Size">Bytes of the data; null = not known.</param>
/// <param name="Options">As for every commit; its name is not looked at.</param>
internal sealed record UploadRequestInfo(string Name, bool IsFolder, long? Size, CommitOptions Options)
{
    /// <summary>Time stamp of the moment when it came.</summary>
    public long BegunAt { get; } = Stopwatch.GetTimestamp();
}
