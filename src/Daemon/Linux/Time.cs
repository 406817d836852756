using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>time.h: the clock that goes on while the machine sleeps and that nobody can set.</summary>
internal static unsafe partial class Time
{
    public const int CLOCK_REALTIME = 0;
    public const int CLOCK_MONOTONIC = 1;
    public const int CLOCK_BOOTTIME = 7;

    [StructLayout(LayoutKind.Sequential)]
    public struct timespec
    {
        public long tv_sec;
        public long tv_nsec;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, timespec* result);

    public static TimeSpan Now(int clock)
    {
        timespec now;
        return clock_gettime(clock, &now) == 0 ? new TimeSpan(now.tv_sec * TimeSpan.TicksPerSecond + now.tv_nsec / 100) : TimeSpan.Zero;
    }
}
