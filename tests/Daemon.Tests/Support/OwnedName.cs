using System.Globalization;

namespace AtomikD.Support;

/// <summary>
/// Names in the system's temporary folder that tell which process made them, so that what a killed test run left behind can
/// be removed by the next one. A process is its number, its start time and its namespace of process numbers.
/// </summary>
internal static class OwnedName
{
    private static readonly string s_namespace = NamespaceOf("self");
    private static readonly string s_owner = $"{Environment.ProcessId}-{StartOf(Environment.ProcessId)}-{s_namespace}";
    private static int s_last;

    /// <summary>A name that nobody else has, in the given folder.</summary>
    public static string Make(string parent, string prefix) =>
        Path.Combine(parent, $"{prefix}-{s_owner}-{Interlocked.Increment(ref s_last)}");

    /// <summary>What dead processes left in the given folder under that prefix.</summary>
    public static IEnumerable<string> Leftovers(string parent, string prefix)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(parent, prefix + "-*"))
        {
            string[] parts = Path.GetFileName(path)[(prefix.Length + 1)..].Split('-');
            if (parts.Length == 4 && parts[2] == s_namespace && int.TryParse(parts[0], CultureInfo.InvariantCulture, out int pid) && StartOf(pid) != parts[1])
                yield return path;
        }
    }

    // Field 22 of stat; the second field is in brackets and may hold anything.
    private static string StartOf(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string NamespaceOf(string pid)
    {
        string? link = new FileInfo($"/proc/{pid}/ns/pid").LinkTarget;
        return link is null ? "0" : string.Concat(link.Where(char.IsAsciiDigit));
    }
}
