using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class UnistdTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Fd _root;

    public UnistdTests() => _root = _folder.Open();

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_is_written_is_read()
    {
        using Fd file = Open("file", Fcntl.O_RDWR | Fcntl.O_CREAT);
        Assert.Equal(Errno.None, Unistd.WriteAll(file, "some text"u8));
        Assert.Equal(Errno.None, Unistd.Lseek(file, 5, Unistd.SEEK_SET, out long position));
        Assert.Equal(5, position);
        Span<byte> buffer = stackalloc byte[16];
        Assert.Equal(Errno.None, Unistd.Read(file, buffer, out int got));
        Assert.Equal("text"u8, buffer[..got]);
        Assert.Equal(Errno.None, Unistd.Read(file, buffer, out got));
        Assert.Equal(0, got);
        Assert.Equal(Errno.None, Unistd.Ftruncate(file, 4));
        Assert.Equal("some", File.ReadAllText(_folder["file"]));
    }

    [Fact]
    public void Files_and_folders_are_synced()
    {
        using Fd file = Open("file", Fcntl.O_RDWR | Fcntl.O_CREAT);
        Assert.Equal(Errno.None, Unistd.Fsync(file));
        Assert.Equal(Errno.None, Unistd.Fdatasync(file));
        Assert.Equal(Errno.None, Unistd.Fsync(_root));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void One_call_syncs_the_file_system(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        disk.Write("folder/file", "text");
        using (Fd root = disk.Open())
            Assert.Equal(Errno.None, Unistd.Syncfs(root));
        disk.Cut();
        Assert.Equal("text", File.ReadAllText(disk["folder/file"]));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public void A_sync_that_fails_is_reported(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        disk.Write("file", "text");
        using Fd root = disk.Open();
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(root, Name.Of("file"), Fcntl.O_RDONLY, out Fd file));
        using (file)
        {
            disk.Shutdown();
            Assert.Equal(Errno.EIO, Unistd.Fsync(file));
        }
    }

    [Fact]
    public void Holes_are_found()
    {
        using Fd file = Open("file", Fcntl.O_RDWR | Fcntl.O_CREAT);
        Assert.Equal(Errno.None, Unistd.Ftruncate(file, 1024 * 1024));
        Assert.Equal(Errno.None, Unistd.Lseek(file, 0, Unistd.SEEK_END, out _));
        Assert.Equal(Errno.None, Unistd.WriteAll(file, "x"u8));
        Assert.Equal(Errno.None, Unistd.Lseek(file, 0, Unistd.SEEK_DATA, out long data));
        Assert.Equal(1024 * 1024, data);
        Assert.Equal(Errno.None, Unistd.Lseek(file, 0, Unistd.SEEK_HOLE, out long hole));
        Assert.Equal(0, hole);
        Assert.Equal(Errno.ENXIO, Unistd.Lseek(file, 2 * 1024 * 1024, Unistd.SEEK_DATA, out _));
    }

    [Fact]
    public void Links_keep_any_bytes_and_are_not_followed()
    {
        Name link = Name.Of("link");
        Name target = Name.Of([0xFF, (byte)'/', 0xFE]);
        Assert.Equal(Errno.None, Unistd.SymlinkAt(target, _root, link));
        Assert.Equal(Errno.None, Unistd.ReadlinkAt(_root, link, out Name read));
        Assert.Equal(target, read);
        Assert.Equal(Errno.None, Unistd.LinkAt(_root, link, _root, Name.Of("second")));
        Assert.Equal(Errno.None, Stat.StatAt(_root, Name.Of("second"), out FileStatus status));
        Assert.True(status.IsSymlink);
        Assert.Equal(2u, status.Links);
    }

    [Fact]
    public void Unlink_tells_files_from_folders()
    {
        _folder.Write("folder/file", "");
        Assert.Equal(Errno.EISDIR, Unistd.UnlinkAt(_root, Name.Of("folder")));
        Assert.Equal(Errno.ENOTEMPTY, Unistd.UnlinkAt(_root, Name.Of("folder"), Fcntl.AT_REMOVEDIR));
        Assert.Equal(Errno.ENOTDIR, Unistd.UnlinkAt(_root, Name.Of("folder/file"), Fcntl.AT_REMOVEDIR));
        Assert.Equal(Errno.None, Unistd.UnlinkAt(_root, Name.Of("folder/file")));
        Assert.Equal(Errno.None, Unistd.UnlinkAt(_root, Name.Of("folder"), Fcntl.AT_REMOVEDIR));
    }

    [Fact]
    public void Owners_are_set_on_the_link_itself()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to give files away");
        string file = _folder.Write("file", "");
        Assert.Equal(Errno.None, Unistd.SymlinkAt(Name.Of(file), _root, Name.Of("link")));
        Assert.Equal(Errno.None, Unistd.FChownAt(_root, Name.Of("link"), ForeignUser.Stranger, Unistd.Unchanged));
        Assert.Equal(((uint)ForeignUser.Stranger, Unistd.GetEgid()), Owner("link"));
        Assert.Equal((Unistd.GetEuid(), Unistd.GetEgid()), Owner("file"));
        using Fd opened = Open("file", Fcntl.O_RDONLY);
        Assert.Equal(Errno.None, Unistd.FChown(opened, Unistd.Unchanged, ForeignUser.Stranger));
        Assert.Equal((Unistd.GetEuid(), (uint)ForeignUser.Stranger), Owner("file"));
    }

    [Fact]
    public void A_file_is_copied_to_its_end()
    {
        string text = string.Concat(Enumerable.Range(0, 100_000));
        _folder.Write("source", text);
        using Fd source = Open("source", Fcntl.O_RDONLY);
        using Fd copy = Open("copy", Fcntl.O_WRONLY | Fcntl.O_CREAT);
        long copied;
        do
            Assert.Equal(Errno.None, Unistd.CopyFileRange(source, copy, 100_000, out copied));
        while (copied > 0);
        Assert.Equal(text, File.ReadAllText(_folder["copy"]));
    }

    [Fact]
    public void A_closed_descriptor_is_an_error_and_not_an_exception()
    {
        Fd file = Open("file", Fcntl.O_RDONLY | Fcntl.O_CREAT);
        Assert.Equal(Errno.EBADF, Unistd.WriteAll(file, "x"u8));
        file.Dispose();
        Assert.Equal("EIO (Input/output error)", Errno.EIO.Describe());
    }

    private (uint Uid, uint Gid) Owner(string name)
    {
        Assert.Equal(Errno.None, Stat.StatAt(_root, Name.Of(name), out FileStatus status));
        return (status.Uid, status.Gid);
    }

    private Fd Open(string name, int flags)
    {
        Assert.Equal(Errno.None, Fcntl.OpenAt2(_root, Name.Of(name), flags, (flags & Fcntl.O_CREAT) != 0 ? 0x180u : 0, 0, out Fd file));
        return file;
    }
}
