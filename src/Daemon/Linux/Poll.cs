using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>poll.h and sys/eventfd.h: waiting for the kernel and being woken by another thread.</summary>
internal static unsafe partial class Poll
{
    public const short POLLIN = 1;
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;

    [StructLayout(LayoutKind.Sequential)]
    public struct pollfd
    {
        public int fd;
        public short events;
        public short revents;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(pollfd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    public static Errno EventFd(out Fd opened)
    {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        opened = new Fd(fd);
        return fd >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    /// <summary>Waits until one of the two is readable, or for the time given; -1 is for ever. EINTR counts as nothing readable.</summary>
    public static Errno Wait(Fd first, Fd second, int timeoutMilliseconds, out bool firstReadable, out bool secondReadable)
    {
        pollfd* fds = stackalloc pollfd[2];
        fds[0] = new pollfd { fd = first.Number, events = POLLIN };
        fds[1] = new pollfd { fd = second.Number, events = POLLIN };
        int n = poll(fds, 2, timeoutMilliseconds);
        firstReadable = n > 0 && fds[0].revents != 0;
        secondReadable = n > 0 && fds[1].revents != 0;
        return n >= 0 || Marshal.GetLastPInvokeError() == (int)Errno.EINTR ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    /// <summary>Makes an eventfd readable.</summary>
    public static void Signal(Fd eventFd) => Unistd.WriteAll(eventFd, [1, 0, 0, 0, 0, 0, 0, 0]);

    /// <summary>Makes it unreadable again.</summary>
    public static void Drain(Fd eventFd)
    {
        Span<byte> counter = stackalloc byte[8];
        Unistd.Read(eventFd, counter, out _);
    }
}
