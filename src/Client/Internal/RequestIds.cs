using System.Security.Cryptography;

namespace AtomikD.Client.Internal;

internal static class RequestIds
{
    // No letters that look like digits: people read these names in staging folders and logs.
    private const string Letters = "abcdefghijkmnpqrstuvwxyz23456789";

    public static string New() => RandomNumberGenerator.GetString(Letters, 24);

    /// <summary>A name in the staging folder that no other process comes upon, and that says which route it was meant for.</summary>
    public static string NewStagedName(string route) => $"{route}-{RandomNumberGenerator.GetString(Letters, 16)}";
}
