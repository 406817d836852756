using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>sys/syscall.h: numbers of system calls, as /proc/PID/syscall shows them. They differ by architecture.</summary>
internal static class SysSyscall
{
    private static readonly bool s_isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Calls in which a thread waits for another thread or for the time.</summary>
    public static bool IsWait(int number) => (s_isArm ? s_armWaits : s_waits).Contains(number);

    /// <summary>Calls that may be long because a disk is.</summary>
    public static bool IsStorage(int number) => (s_isArm ? s_armStorage : s_storage).Contains(number);

    /// <summary>By name, for x86-64.</summary>
    public static IReadOnlyDictionary<string, int> Known { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["SYS_futex"] = 202,
        ["SYS_nanosleep"] = 35,
        ["SYS_clock_nanosleep"] = 230,
        ["SYS_poll"] = 7,
        ["SYS_ppoll"] = 271,
        ["SYS_select"] = 23,
        ["SYS_pselect6"] = 270,
        ["SYS_epoll_wait"] = 232,
        ["SYS_epoll_pwait"] = 281,
        ["SYS_fsync"] = 74,
        ["SYS_fdatasync"] = 75,
        ["SYS_syncfs"] = 306,
        ["SYS_sync_file_range"] = 277,
        ["SYS_renameat2"] = 316,
        ["SYS_unlinkat"] = 263,
        ["SYS_openat2"] = 437,
        ["SYS_pwrite64"] = 18,
        ["SYS_copy_file_range"] = 326,
    };

    /// <summary>The same for arm64, which has no poll, select and epoll_wait.</summary>
    public static IReadOnlyDictionary<string, int> KnownOnArm { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["SYS_futex"] = 98,
        ["SYS_nanosleep"] = 101,
        ["SYS_clock_nanosleep"] = 115,
        ["SYS_ppoll"] = 73,
        ["SYS_pselect6"] = 72,
        ["SYS_epoll_pwait"] = 22,
        ["SYS_fsync"] = 82,
        ["SYS_fdatasync"] = 83,
        ["SYS_syncfs"] = 267,
        ["SYS_sync_file_range"] = 84,
        ["SYS_renameat2"] = 276,
        ["SYS_unlinkat"] = 35,
        ["SYS_openat2"] = 437,
        ["SYS_pwrite64"] = 68,
        ["SYS_copy_file_range"] = 285,
    };

    private static readonly HashSet<string> s_waitNames =
        ["SYS_futex", "SYS_nanosleep", "SYS_clock_nanosleep", "SYS_poll", "SYS_ppoll", "SYS_select", "SYS_pselect6", "SYS_epoll_wait", "SYS_epoll_pwait"];

    private static readonly HashSet<int> s_waits = Numbers(Known, waits: true);
    private static readonly HashSet<int> s_storage = Numbers(Known, waits: false);
    private static readonly HashSet<int> s_armWaits = Numbers(KnownOnArm, waits: true);
    private static readonly HashSet<int> s_armStorage = Numbers(KnownOnArm, waits: false);

    private static HashSet<int> Numbers(IReadOnlyDictionary<string, int> known, bool waits) =>
        [.. known.Where(call => s_waitNames.Contains(call.Key) == waits).Select(call => call.Value)];
}
