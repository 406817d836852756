using System.Globalization;

namespace AtomikD.Linux;

/// <summary>How many files this process may have open: what holds one for each request must know where to stop.</summary>
internal static class Descriptors
{
    /// <summary>RLIMIT_NOFILE, which the runtime has raised as far as it may.</summary>
    public static int Limit { get; } = Read();

    private static int Read()
    {
        try
        {
            string line = File.ReadLines("/proc/self/limits").First(text => text.StartsWith("Max open files", StringComparison.Ordinal));
            string soft = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
            return int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) ? limit : int.MaxValue;
        }
        catch (IOException)
        {
            return 1024; // What most systems allow at least.
        }
    }
}
