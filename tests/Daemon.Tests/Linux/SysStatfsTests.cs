using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class SysStatfsTests
{
    [Theory]
    [InlineData("ext4", SysStatfs.EXT4_SUPER_MAGIC)]
    [InlineData("xfs", SysStatfs.XFS_SUPER_MAGIC)]
    [InlineData("btrfs", SysStatfs.BTRFS_SUPER_MAGIC)]
    public void Type_and_room_are_told(string type, long magic)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        using Fd root = disk.Open();
        Assert.Equal(Errno.None, SysStatfs.FStatfs(root, out SysStatfs.statfs status));
        Assert.Equal(magic, status.f_type);
        Assert.Equal(new DriveInfo(disk.Path).TotalSize, (long)status.f_blocks * status.f_bsize);
        Assert.Equal(255, status.f_namelen);
        Assert.Equal(0, status.f_flags & SysStatfs.ST_RDONLY);
        disk.Remount(readOnly: true);
        Assert.Equal(Errno.None, SysStatfs.FStatfs(root, out status));
        Assert.Equal(SysStatfs.ST_RDONLY, status.f_flags & SysStatfs.ST_RDONLY);
    }
}
