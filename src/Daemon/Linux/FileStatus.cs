namespace AtomikD.Linux;

/// <summary>A moment of the kernel's clock, comparable.</summary>
internal readonly record struct Timestamp(long Seconds, uint Nanoseconds) : IComparable<Timestamp>
{
    public int CompareTo(Timestamp other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    public static bool operator >(Timestamp a, Timestamp b) => a.CompareTo(b) > 0;

    public static bool operator <(Timestamp a, Timestamp b) => a.CompareTo(b) < 0;

    public static bool operator >=(Timestamp a, Timestamp b) => a.CompareTo(b) >= 0;

    public static bool operator <=(Timestamp a, Timestamp b) => a.CompareTo(b) <= 0;

    public static Timestamp From(DateTimeOffset time) =>
        new(time.ToUnixTimeSeconds(), (uint)(time.Ticks % TimeSpan.TicksPerSecond * 100));

    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanoseconds / 100);
}

/// <summary>What statx told of one file.</summary>
internal readonly struct FileStatus
{
    public FileStatus(in Stat.statx raw)
    {
        Inode = raw.stx_ino;
        Mode = raw.stx_mode;
        Links = raw.stx_nlink;
        Uid = raw.stx_uid;
        Gid = raw.stx_gid;
        Size = (long)raw.stx_size;
        Blocks = (long)raw.stx_blocks;
        Device = ((ulong)raw.stx_dev_major << 32) | raw.stx_dev_minor;
        MountId = raw.stx_mnt_id;
        IsMountRoot = (raw.stx_attributes & Stat.STATX_ATTR_MOUNT_ROOT) != 0;
        Born = (raw.stx_mask & Stat.STATX_BTIME) != 0 ? new Timestamp(raw.stx_btime.tv_sec, raw.stx_btime.tv_nsec) : default;
        Modified = new Timestamp(raw.stx_mtime.tv_sec, raw.stx_mtime.tv_nsec);
        Changed = new Timestamp(raw.stx_ctime.tv_sec, raw.stx_ctime.tv_nsec);
        Accessed = new Timestamp(raw.stx_atime.tv_sec, raw.stx_atime.tv_nsec);
    }

    public ulong Inode { get; }

    /// <summary>Type and permission bits together.</summary>
    public uint Mode { get; }

    public uint Links { get; }

    public uint Uid { get; }

    public uint Gid { get; }

    /// <summary>In bytes.</summary>
    public long Size { get; }

    /// <summary>In units of 512 bytes.</summary>
    public long Blocks { get; }

    /// <summary>Major and minor number. Only to be compared with another that was looked at now: it changes from mount to mount.</summary>
    public ulong Device { get; }

    public ulong MountId { get; }

    /// <summary>Something is mounted here.</summary>
    public bool IsMountRoot { get; }

    /// <summary>Birth time; default where the file system keeps none.</summary>
    public Timestamp Born { get; }

    public Timestamp Modified { get; }

    public Timestamp Changed { get; }

    public Timestamp Accessed { get; }

    public uint Type => Mode & Stat.S_IFMT;

    public uint Permissions => Mode & 0xFFF;

    public bool IsFolder => Type == Stat.S_IFDIR;

    public bool IsFile => Type == Stat.S_IFREG;

    public bool IsSymlink => Type == Stat.S_IFLNK;

    /// <summary>Cheap comparison of two looks at one file system within one mount; see Identity for what is kept.</summary>
    public bool IsSameFile(in FileStatus other) => Inode == other.Inode && Born == other.Born && Device == other.Device && Type == other.Type;
}
