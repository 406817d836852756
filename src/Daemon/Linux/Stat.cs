using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>sys/stat.h: statx, modes, making folders and nodes.</summary>
internal static unsafe partial class Stat
{
    public const uint S_IFMT = 0xF000;
    public const uint S_IFSOCK = 0xC000;
    public const uint S_IFLNK = 0xA000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFIFO = 0x1000;
    public const uint S_ISUID = 0x800;
    public const uint S_ISGID = 0x400;
    public const uint S_ISVTX = 0x200;

    public const uint STATX_BASIC_STATS = 0x7ff;
    public const uint STATX_BTIME = 0x800;
    public const uint STATX_MNT_ID = 0x1000;

    /// <summary>Linux 6.8: a mount number that is never used again. An older kernel answers with the other one.</summary>
    public const uint STATX_MNT_ID_UNIQUE = 0x4000;
    public const ulong STATX_ATTR_MOUNT_ROOT = 0x2000;

    [StructLayout(LayoutKind.Sequential)]
    public struct statx_timestamp
    {
        public long tv_sec;
        public uint tv_nsec;
        public int __reserved;
    }

    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct statx
    {
        public uint stx_mask;
        public uint stx_blksize;
        public ulong stx_attributes;
        public uint stx_nlink;
        public uint stx_uid;
        public uint stx_gid;
        public ushort stx_mode;
        public ushort __spare0;
        public ulong stx_ino;
        public ulong stx_size;
        public ulong stx_blocks;
        public ulong stx_attributes_mask;
        public statx_timestamp stx_atime;
        public statx_timestamp stx_btime;
        public statx_timestamp stx_ctime;
        public statx_timestamp stx_mtime;
        public uint stx_rdev_major;
        public uint stx_rdev_minor;
        public uint stx_dev_major;
        public uint stx_dev_minor;
        public ulong stx_mnt_id;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int statx_call(int folder, byte* name, int flags, uint mask, statx* result);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(int folder, byte* name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(int folder, byte* name, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(int file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(int folder, byte* name, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(int file, Time.timespec* times);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(int folder, byte* name, Time.timespec* times, int flags);

    /// <summary>Looks at a name without following a link.</summary>
    public static Errno StatAt(Fd folder, Name name, out FileStatus status) =>
        StatAt(folder, name, Fcntl.AT_SYMLINK_NOFOLLOW, out status);

    /// <summary>Looks at what a descriptor is open on.</summary>
    public static Errno FStat(Fd file, out FileStatus status) => StatAt(file, Name.Empty, Fcntl.AT_EMPTY_PATH, out status);

    /// <summary>Looks at a configured path, following links.</summary>
    public static Errno StatPath(Name path, out FileStatus status) => StatAt(Fd.Cwd, path, 0, out status);

    private static Errno StatAt(Fd folder, Name name, int flags, out FileStatus status)
    {
        statx raw;
        fixed (byte* n = name)
        {
            if (statx_call(folder.Number, n, flags, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &raw) != 0)
            {
                status = default;
                return (Errno)Marshal.GetLastPInvokeError();
            }
        }
        status = new FileStatus(in raw);
        return Errno.None;
    }

    /// <summary>
    /// The mount's number as /proc/self/mountinfo lists it, which is not the one in a status: of a name, links followed, or of
    /// the descriptor itself where the name is empty. 0 where it cannot be told.
    /// </summary>
    public static ulong ListedMountId(Fd folder, Name name)
    {
        statx raw;
        fixed (byte* n = name)
            return statx_call(folder.Number, n, name.Length == 0 ? Fcntl.AT_EMPTY_PATH : 0, STATX_MNT_ID, &raw) == 0 ? raw.stx_mnt_id : 0;
    }

    /// <summary>The number that stat(2) gives for a device: makedev of sys/sysmacros.h.</summary>
    public static ulong MakeDev(ulong device)
    {
        (ulong major, ulong minor) = (device >> 32, (uint)device);
        return (major & 0xFFF) << 8 | (major & ~0xFFFul) << 32 | (minor & 0xFF) | (minor & ~0xFFul) << 12;
    }

    public static Errno MkdirAt(Fd folder, Name name, uint mode)
    {
        fixed (byte* n = name)
            return mkdirat(folder.Number, n, mode) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    public static Errno MknodAt(Fd folder, Name name, uint mode, ulong device)
    {
        fixed (byte* n = name)
            return mknodat(folder.Number, n, mode, device) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    public static Errno FChmod(Fd file, uint mode) =>
        fchmod(file.Number, mode) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>For a descriptor opened with O_PATH, which fchmod does not take: by its own entry in /proc.</summary>
    public static Errno ChmodPath(Fd path, uint mode)
    {
        fixed (byte* n = Name.Of($"/proc/self/fd/{path.Number}"))
            return fchmodat(Fcntl.AT_FDCWD, n, mode, 0) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    /// <summary>Sets access and modification time of an open file.</summary>
    public static Errno FUtimens(Fd file, Time.timespec accessed, Time.timespec modified)
    {
        Time.timespec* times = stackalloc Time.timespec[] { accessed, modified };
        return futimens(file.Number, times) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    /// <summary>The same for a name, which may be a link itself.</summary>
    public static Errno UtimensAt(Fd folder, Name name, Time.timespec accessed, Time.timespec modified)
    {
        Time.timespec* times = stackalloc Time.timespec[] { accessed, modified };
        fixed (byte* n = name)
            return utimensat(folder.Number, n, times, Fcntl.AT_SYMLINK_NOFOLLOW) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }
}
