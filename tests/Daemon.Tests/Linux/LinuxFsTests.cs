using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class LinuxFsTests
{
    [Theory]
    [InlineData("xfs", true)]
    [InlineData("btrfs", true)]
    [InlineData("ext4", false)]
    public void Blocks_are_shared_where_the_file_system_can(string type, bool shared)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        string text = new('x', 100_000);
        disk.Write("source", text);
        using Fd root = disk.Open();
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(root, Name.Of("source"), Fcntl.O_RDONLY, out Fd source));
        Assert.Equal(Errno.None, Fcntl.OpenAt2(root, Name.Of("copy"), Fcntl.O_WRONLY | Fcntl.O_CREAT, 0x180, 0, out Fd copy));
        using (source)
        using (copy)
            Assert.Equal(shared ? Errno.None : Errno.EOPNOTSUPP, LinuxFs.Ficlone(copy, source));
        Assert.Equal(shared ? text : "", File.ReadAllText(disk["copy"]));
    }
}
