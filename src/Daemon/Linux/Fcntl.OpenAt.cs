using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>
/// openat in the place of openat2. systemd's RestrictSUIDSGID= refuses openat2, whose modes a filter cannot see. For one name in an open
/// folder the two are as strong as each other: O_NOFOLLOW follows no link, and what was opened is compared with the folder's mount.
/// </summary>
internal static unsafe partial class Fcntl
{
    private static volatile bool s_isRefused;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, byte* path, int flags, uint mode);

    /// <summary>As openat2; a path of several names is opened only where nothing is asked about its way (ENOSYS otherwise).</summary>
    public static Errno OpenAtInstead(Fd folder, Name path, int flags, uint mode, ulong resolve, out Fd opened)
    {
        opened = new Fd();
        const ulong ways = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
        if ((resolve & ways) != 0 && path.Bytes.Contains((byte)'/'))
            return Errno.ENOSYS;
        if ((resolve & RESOLVE_BENEATH) != 0 && path.Equals(s_above))
            return Errno.EXDEV;
        // One name is no link of the kernel's in /proc, and is not followed where it is another.
        bool followsNone = (resolve & (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)) != 0;
        Errno error = OpenAt(folder, path, flags | (followsNone ? O_NOFOLLOW : 0), mode, out opened);
        // A link that is not to be followed is no folder; one in the way of the path is a link.
        if (error == Errno.ENOTDIR && followsNone && (flags & O_NOFOLLOW) == 0 && Stat.StatAt(folder, path, out FileStatus status) == Errno.None && status.IsSymlink)
            return Errno.ELOOP;
        if (error != Errno.None || (resolve & RESOLVE_NO_XDEV) == 0)
            return error;
        error = Stat.FStat(folder, out FileStatus above);
        FileStatus found = default;
        if (error == Errno.None)
            error = Stat.FStat(opened, out found);
        if (error == Errno.None && (found.MountId != above.MountId || found.Device != above.Device))
            error = Errno.EXDEV;
        if (error == Errno.None)
            return error;
        opened.Dispose();
        opened = new Fd();
        return error;
    }

    private static Errno OpenAt(Fd folder, Name path, int flags, uint mode, out Fd opened)
    {
        fixed (byte* p = path)
        {
            while (true)
            {
                int fd = openat(folder.Number, p, flags | O_CLOEXEC, mode);
                var error = fd >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
                if (error == Errno.EINTR)
                    continue;
                opened = new Fd(fd);
                return error;
            }
        }
    }
}
