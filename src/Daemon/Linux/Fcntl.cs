using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>fcntl.h and linux/openat2.h: opening, leases.</summary>
internal static unsafe partial class Fcntl
{
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_REMOVEDIR = 0x200;
    public const int AT_SYMLINK_FOLLOW = 0x400;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_HANDLE_FID = 0x200;

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_DIRECTORY = 0x10000;
    public const int O_NOFOLLOW = 0x20000;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    public const ulong RESOLVE_NO_XDEV = 0x01;
    public const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    public const ulong RESOLVE_NO_SYMLINKS = 0x04;
    public const ulong RESOLVE_BENEATH = 0x08;

    public const int F_SETLEASE = 1024;
    public const int F_GETLEASE = 1025;
    public const int F_RDLCK = 0;
    public const int F_WRLCK = 1;
    public const int F_UNLCK = 2;

    public const uint SYNC_FILE_RANGE_WAIT_BEFORE = 1;
    public const uint SYNC_FILE_RANGE_WRITE = 2;
    public const uint SYNC_FILE_RANGE_WAIT_AFTER = 4;

    public const long SYS_openat2 = 437;

    [StructLayout(LayoutKind.Sequential)]
    public struct open_how
    {
        public ulong flags;
        public ulong mode;
        public ulong resolve;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, int dirfd, byte* path, open_how* how, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(int fd, long offset, long length, uint flags);

    /// <summary>
    /// Writes a part of a file out. It does not flush the device, and an error that it reports is not reported again by
    /// fsync on the same descriptor.
    /// </summary>
    public static Errno SyncFileRange(Fd file, long offset, long length, uint flags) =>
        sync_file_range(file.Number, offset, length, flags) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>openat2. O_CLOEXEC is always added.</summary>
    public static Errno OpenAt2(Fd folder, Name path, int flags, uint mode, ulong resolve, out Fd opened)
    {
        if (s_isRefused)
            return OpenAtInstead(folder, path, flags, mode, resolve, out opened);
        var how = new open_how { flags = (uint)(flags | O_CLOEXEC), mode = mode, resolve = resolve };
        fixed (byte* p = path)
        {
            while (true)
            {
                long result = syscall(SYS_openat2, folder.Number, p, &how, (nuint)sizeof(open_how));
                if (result >= 0)
                {
                    opened = new Fd((int)result);
                    return Errno.None;
                }
                var error = (Errno)Marshal.GetLastPInvokeError();
                if (error == Errno.ENOSYS)
                {
                    s_isRefused = true;
                    return OpenAtInstead(folder, path, flags, mode, resolve, out opened);
                }
                if (error != Errno.EINTR)
                {
                    opened = new Fd();
                    return error;
                }
            }
        }
    }

    /// <summary>
    /// Opens what a producer may have made, for reading: beneath <paramref name="folder"/>, over no link and no mount, and
    /// without waiting for a FIFO's writer or a foreign lease (EAGAIN then).
    /// </summary>
    public static Errno OpenBeneath(Fd folder, Name path, int flags, out Fd opened) =>
        OpenAt2(folder, path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0,
            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV, out opened);

    /// <summary>Opens a folder to look at or to change it itself: needs no right on it, gives none to read it.</summary>
    public static Errno OpenFolderPath(Fd folder, Name name, out Fd opened) =>
        OpenAt2(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV, out opened);

    /// <summary>Opens the folder above an open one. Whether it is the one expected is for the caller to look.</summary>
    public static Errno OpenAbove(Fd folder, out Fd opened) =>
        OpenAt2(folder, s_above, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
            RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV, out opened);

    /// <summary>Opens an open folder a second time, with a position of its own.</summary>
    public static Errno OpenAgain(Fd folder, out Fd opened) => OpenBeneath(folder, s_self, O_RDONLY | O_DIRECTORY, out opened);

    private static readonly Name s_above = Name.Of("..");
    private static readonly Name s_self = Name.Of(".");

    /// <summary>Opens a configured path, following links: the administrator wrote it.</summary>
    public static Errno Open(Name path, int flags, uint mode, out Fd opened) => OpenAt2(Fd.Cwd, path, flags, mode, 0, out opened);

    /// <summary>
    /// Takes a read lease: refused with EAGAIN while anyone has the file open, or mapped, for writing. A lease being broken
    /// raises SIGIO, which must be ignored (<see cref="Signal.IgnoreSigio"/>).
    /// </summary>
    public static Errno SetLease(Fd file, int type) =>
        fcntl(file.Number, F_SETLEASE, type) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>The lease that stands, or will stand once the break in progress ends: F_RDLCK, F_WRLCK or F_UNLCK.</summary>
    public static Errno GetLease(Fd file, out int type)
    {
        type = fcntl(file.Number, F_GETLEASE, 0);
        return type >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }
}
