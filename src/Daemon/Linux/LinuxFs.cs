using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>linux/fs.h: sharing blocks between files.</summary>
internal static partial class LinuxFs
{
    public const ulong FICLONE = 0x40049409;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, int argument);

    /// <summary>Makes <paramref name="target"/> share the blocks of <paramref name="source"/>; EOPNOTSUPP, EXDEV or EINVAL where it cannot.</summary>
    public static Errno Ficlone(Fd target, Fd source) =>
        ioctl(target.Number, FICLONE, source.Number) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}
