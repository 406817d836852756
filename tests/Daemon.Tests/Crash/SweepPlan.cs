using System.Globalization;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Crash;

/// <summary>The thread that makes a call.</summary>
internal enum SweptThread
{
    Lane,
    Journal,
}

/// <summary>One call of the commit path: the <paramref name="Number"/>th of its name that this thread makes.</summary>
internal sealed record SweepPoint(SweptThread Thread, string Syscall, int Number, string Text)
{
    public override string ToString() => $"{Thread} {Syscall} #{Number}: {Text}";
}

/// <summary>Finds out which system calls the commit of the four shapes makes, by watching one.</summary>
internal static class SweepPlan
{
    private static readonly string[] s_changing = ["renameat2", "unlinkat", "unlink", "mkdirat", "fsetxattr", "fremovexattr", "fchmod", "fchown", "write", "pwrite64", "ftruncate", "fallocate", "linkat"];

    /// <summary>Calls on files. The runtime's own (futex, mmap, …) are no part of the path.</summary>
    private static readonly string[] s_onFiles = [.. s_changing, "openat2", "openat", "statx", "newfstatat", "fstat", "name_to_handle_at", "fsync", "fdatasync", "syncfs",
        "pread64", "fgetxattr", "flistxattr", "fcntl", "flock", "getdents64", "read", "lseek", "statfs", "fstatfs", "ioctl", "copy_file_range"];

    public static async Task<IReadOnlyList<SweepPoint>> WatchAsync()
    {
        await using var harness = new EngineHarness();
        using var child = new Child(harness);
        int lane = FourShapes.Queue(harness, child);
        int journal = int.Parse(child.Ask("journal"), CultureInfo.InvariantCulture);
        using var trace = new ThreadTrace([lane, journal], null);
        child.Go();
        foreach (string name in FourShapes.Names)
            Assert.True(harness.WaitFor(name).Succeeded);
        Eventually.True(() => child.Ask("unclosed") == "0", "all results are closed");
        TracedCall[] calls = [.. trace.Stop().Select(Strace.Parse).OfType<TracedCall>()];
        child.Kill();
        return [.. Points(calls, lane, SweptThread.Lane), .. Points(calls, journal, SweptThread.Journal)];
    }

    private static IEnumerable<SweepPoint> Points(TracedCall[] calls, int id, SweptThread thread)
    {
        var counts = new Dictionary<string, int>();
        foreach (TracedCall call in calls.Where(call => call.Thread == id && s_onFiles.Contains(call.Syscall)))
        {
            int number = counts[call.Syscall] = counts.GetValueOrDefault(call.Syscall) + 1;
            yield return new SweepPoint(thread, call.Syscall, number, call.Text);
        }
    }

    /// <summary>A kill before any other call leaves what a kill before the next one of these leaves.</summary>
    public static bool Changes(SweepPoint point) => s_changing.Contains(point.Syscall) || (point.Syscall is "openat2" or "openat" && point.Text.Contains("O_CREAT", StringComparison.Ordinal));

    /// <summary>Needs room on the disk, or tells of it.</summary>
    public static bool NeedsRoom(SweepPoint point) => Changes(point) || point.Syscall is "fsync" or "fdatasync" or "syncfs";
}
