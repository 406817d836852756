using System.Globalization;
using AtomikD.Linux;

namespace AtomikD.Systemd;

/// <summary>What a thread was found at.</summary>
internal enum ThreadActivity
{
    /// <summary>There is no such thread any more.</summary>
    Gone,

    /// <summary>On a processor, or ready for one.</summary>
    Running,

    /// <summary>It waits for another thread of this process, or for the time.</summary>
    WaitingInside,

    /// <summary>In another system call: it waits for the kernel, a disk most likely.</summary>
    InKernel,
}

/// <summary>Looks at this process's own threads, by /proc. It asks nothing of them, and costs nothing while nobody looks.</summary>
internal static class ThreadLook
{
    private const string Tasks = "/proc/self/task";

    public static ThreadActivity At(int thread)
    {
        if (Read(thread) is not var (state, call))
            return ThreadActivity.Gone;
        if (state == 'D')
            return ThreadActivity.InKernel;
        return call switch
        {
            { } number => SysSyscall.IsWait(number) ? ThreadActivity.WaitingInside : ThreadActivity.InKernel,
            null => state == 'R' ? ThreadActivity.Running : ThreadActivity.WaitingInside,
        };
    }

    /// <summary>Does a disk keep any thread waiting? Who waits for that thread is not stuck.</summary>
    public static bool IsAnyAtDisk()
    {
        foreach (string path in Directory.EnumerateDirectories(Tasks))
        {
            if (Read(int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)) is var (state, call)
                && (state == 'D' || (call is { } number && SysSyscall.IsStorage(number))))
                return true;
        }
        return false;
    }

    /// <summary>Its state, and the call that it is in; null where it is in none, or the kernel does not tell.</summary>
    private static (char State, int? Call)? Read(int thread)
    {
        try
        {
            // 1234 (lane front) S 1 ...: the name may hold anything.
            string stat = File.ReadAllText($"{Tasks}/{thread}/stat");
            char state = stat[stat.LastIndexOf(')') + 2];
            return (state, CallOf(thread));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static int? CallOf(int thread)
    {
        try
        {
            // "202 0x7f... 0x0 ...", "running", or "-1 0x... 0x..." where it is blocked outside of a call.
            string text = File.ReadAllText($"{Tasks}/{thread}/syscall");
            return int.TryParse(text.AsSpan(0, Math.Max(0, text.IndexOf(' ', StringComparison.Ordinal))), CultureInfo.InvariantCulture, out int number) && number >= 0 ? number : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
