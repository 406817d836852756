using System.Diagnostics;

namespace AtomikD.Support;

/// <summary>
/// Lets a child process believe in another boot: in its own mount namespace a file lies over the kernel's boot id. A simulated
/// power cut keeps the real one.
/// </summary>
internal static class BootSeam
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";
    private const string StatPath = "/proc/stat";

    public static string? WhyNot => !Native.IsRoot ? "needs root for a mount namespace" : Command.WhyNot("unshare", "mount");

    public static string NewId() => Guid.NewGuid().ToString("D");

    /// <summary>
    /// The same program under the given boot id, and with a boot that began at the given time (whole seconds). It keeps the
    /// process number that the wrapping gets. Unmounts of the test's disks reach into the namespace, else a disk could not be
    /// taken away from under the child.
    /// </summary>
    public static ProcessStartInfo Wrap(ProcessStartInfo start, string bootId, TempFolder scratch, DateTimeOffset? startedAt = null)
    {
        string id = scratch[$"boot_id-{bootId}"];
        File.WriteAllText(id, bootId + "\n");
        string stat = scratch[$"stat-{bootId}"];
        File.WriteAllLines(stat, File.ReadLines(StatPath).Select(l =>
            startedAt is not null && l.StartsWith("btime ", StringComparison.Ordinal) ? $"btime {startedAt.Value.ToUnixTimeSeconds()}" : l));
        const string Script = "mount --bind \"$1\" " + BootIdPath + "; mount --bind \"$2\" " + StatPath + "; shift 2; exec \"$@\"";
        string[] inner = ["--mount", "--propagation", "slave", "--", "sh", "-euc", Script, "sh", id, stat, start.FileName, .. start.ArgumentList];
        var wrapped = new ProcessStartInfo(Command.Find("unshare")!, inner)
        {
            UseShellExecute = false,
            WorkingDirectory = start.WorkingDirectory,
            RedirectStandardInput = start.RedirectStandardInput,
            RedirectStandardOutput = start.RedirectStandardOutput,
            RedirectStandardError = start.RedirectStandardError,
        };
        wrapped.Environment.Clear();
        foreach ((string key, string? value) in start.Environment)
            wrapped.Environment[key] = value;
        return wrapped;
    }
}
