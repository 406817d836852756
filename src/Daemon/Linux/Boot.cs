using System.Globalization;

namespace AtomikD.Linux;

/// <summary>Which run of the machine this is. What was written in another one may be gone from the disk.</summary>
/// <param name="Id">The kernel's random id of this boot.</param>
/// <param name="StartedAt">By the wall clock as it stands now.</param>
internal sealed record BootInfo(string Id, DateTimeOffset StartedAt)
{
    private const string IdFile = "/proc/sys/kernel/random/boot_id";
    private const string StatFile = "/proc/stat";

    public static BootInfo Read()
    {
        string id = File.ReadAllText(IdFile).Trim();
        foreach (string line in File.ReadLines(StatFile))
        {
            if (line.StartsWith("btime ", StringComparison.Ordinal))
                return new BootInfo(id, DateTimeOffset.FromUnixTimeSeconds(long.Parse(line.AsSpan(6), CultureInfo.InvariantCulture)));
        }
        throw new InvalidDataException($"{StatFile} has no line btime.");
    }
}
