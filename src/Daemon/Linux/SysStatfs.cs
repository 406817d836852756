using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>sys/statfs.h: which file system, how much room.</summary>
internal static unsafe partial class SysStatfs
{
    public const long EXT4_SUPER_MAGIC = 0xEF53;
    public const long XFS_SUPER_MAGIC = 0x58465342;
    public const long BTRFS_SUPER_MAGIC = 0x9123683E;
    public const long TMPFS_MAGIC = 0x01021994;
    public const long RAMFS_MAGIC = 0x858458f6;
    public const long OVERLAYFS_SUPER_MAGIC = 0x794c7630;
    public const long NFS_SUPER_MAGIC = 0x6969;
    public const long SMB_SUPER_MAGIC = 0x517B;
    public const long CIFS_SUPER_MAGIC = 0xFF534D42;
    public const long SMB2_SUPER_MAGIC = 0xFE534D42;
    public const long FUSE_SUPER_MAGIC = 0x65735546;
    public const long V9FS_MAGIC = 0x01021997;
    public const long CEPH_SUPER_MAGIC = 0x00c36400;
    public const long ST_RDONLY = 1;

    [StructLayout(LayoutKind.Sequential)]
    public struct statfs
    {
        public long f_type;
        public long f_bsize;
        public ulong f_blocks;
        public ulong f_bfree;
        public ulong f_bavail;
        public ulong f_files;
        public ulong f_ffree;
        public long f_fsid;
        public long f_namelen;
        public long f_frsize;
        public long f_flags;
        public fixed long f_spare[4];
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(int fd, statfs* result);

    public static Errno FStatfs(Fd file, out statfs result)
    {
        statfs raw;
        bool ok = fstatfs(file.Number, &raw) == 0;
        result = ok ? raw : default;
        return ok ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }
}
