namespace AtomikD.Client.Internal;

internal static class Reasons
{
    /// <summary>TARGET_EXISTS and so on; one that is not known is Unknown.</summary>
    public static AtomikReason Parse(string? wire) =>
        !string.IsNullOrEmpty(wire) && char.IsAsciiLetter(wire[0]) && Enum.TryParse(wire.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out AtomikReason reason)
            ? reason
            : AtomikReason.Unknown;
}
