using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>sys/inotify.h.</summary>
internal static unsafe partial class Inotify
{
    public const uint IN_ATTRIB = 0x4;
    public const uint IN_CLOSE_WRITE = 0x8;
    public const uint IN_MOVED_FROM = 0x40;
    public const uint IN_MOVED_TO = 0x80;
    public const uint IN_CREATE = 0x100;
    public const uint IN_DELETE = 0x200;
    public const uint IN_DELETE_SELF = 0x400;
    public const uint IN_MOVE_SELF = 0x800;
    public const uint IN_UNMOUNT = 0x2000;
    public const uint IN_Q_OVERFLOW = 0x4000;
    public const uint IN_IGNORED = 0x8000;
    public const uint IN_ONLYDIR = 0x1000000;
    public const uint IN_EXCL_UNLINK = 0x4000000;
    public const uint IN_MASK_ADD = 0x20000000;
    public const uint IN_ISDIR = 0x40000000;
    public const int IN_NONBLOCK = 0x800;
    public const int IN_CLOEXEC = 0x80000;

    [StructLayout(LayoutKind.Sequential)]
    public struct inotify_event
    {
        public int wd;
        public uint mask;
        public uint cookie;
        public uint len;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_add_watch(int fd, byte* path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int fd, int watch);

    public static Errno Init(out Fd inotify)
    {
        int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        inotify = new Fd(fd);
        return fd >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    public static Errno AddWatch(Fd inotify, Name path, uint mask, out int watch)
    {
        fixed (byte* p = path)
            watch = inotify_add_watch(inotify.Number, p, mask);
        return watch >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    public static Errno RemoveWatch(Fd inotify, int watch) =>
        inotify_rm_watch(inotify.Number, watch) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}
