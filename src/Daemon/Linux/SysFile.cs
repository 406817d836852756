using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>sys/file.h: flock, by which readers hold a version and daemons keep off each other's vault.</summary>
internal static partial class SysFile
{
    public const int LOCK_SH = 1;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int LOCK_UN = 8;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);

    /// <summary>With LOCK_NB: EAGAIN when another holds it.</summary>
    public static Errno Flock(Fd file, int operation) =>
        flock(file.Number, operation) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}
