using System.Runtime.InteropServices;
using AtomikD.Linux;

namespace AtomikD.Support;

/// <summary>System calls that only the tests need.</summary>
internal static unsafe partial class Native
{
    private const ulong FS_IOC_SHUTDOWN = 0x8004587D;
    private const uint FS_SHUTDOWN_FLAGS_NOLOGFLUSH = 2;

    public static bool IsRoot => Unistd.GetEuid() == 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, uint* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(int fd, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    /// <summary>Cuts the file system off from its disk at once: nothing that is only in memory gets there any more.</summary>
    public static Errno Shutdown(Fd anyFile)
    {
        uint flags = FS_SHUTDOWN_FLAGS_NOLOGFLUSH;
        return Last(ioctl(anyFile.Number, FS_IOC_SHUTDOWN, &flags) == 0);
    }

    public static Errno Fallocate(Fd file, long offset, long length) => Last(fallocate(file.Number, 0, offset, length) == 0);

    public static Errno Kill(int process, int signal) => Last(kill(process, signal) == 0);

    private static Errno Last(bool ok) => ok ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}
