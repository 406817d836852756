using System.Globalization;

namespace AtomikD.Linux;

/// <summary>linux/capability.h: what this thread may do beside what its user may.</summary>
internal static class Capabilities
{
    public const int CAP_CHOWN = 0;
    public const int CAP_DAC_OVERRIDE = 1;
    public const int CAP_FOWNER = 3;
    public const int CAP_LEASE = 28;

    /// <summary>The effective set, one bit each.</summary>
    public static ulong Effective() =>
        ulong.Parse(Field("CapEff:"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>The groups of this process beside its first.</summary>
    public static IReadOnlySet<uint> SupplementaryGroups() =>
        Field("Groups:").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(g => uint.Parse(g, CultureInfo.InvariantCulture)).ToHashSet();

    private static string Field(string name) =>
        File.ReadLines("/proc/thread-self/status").First(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();
}
