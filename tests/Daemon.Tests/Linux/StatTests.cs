using System.Globalization;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class StatTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Fd _root;

    public StatTests() => _root = _folder.Open();

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Every_field_is_what_stat_says()
    {
        _folder.Write("file", new string('x', 5000));
        _folder.MakeFolder("folder");
        File.CreateSymbolicLink(_folder["link"], "nowhere");
        Assert.Equal(Errno.None, Unistd.LinkAt(_root, Name.Of("file"), _root, Name.Of("second")));
        Assert.Equal(Errno.None, Stat.MknodAt(_root, Name.Of("fifo"), Stat.S_IFIFO | 0x1A4, 0));
        foreach (string name in (string[])["file", "folder", "link", "second", "fifo"])
        {
            Assert.Equal(Errno.None, Stat.StatAt(_root, Name.Of(name), out FileStatus s));
            string[] told = Command.Run("stat", "-c", "%i %f %h %u %g %s %b %.9W %.9Y %.9Z %.9X %d", _folder[name]).Check().Split(' ');
            ulong device = ulong.Parse(told[11], CultureInfo.InvariantCulture);
            Assert.Equal(
                [$"{s.Inode}", $"{s.Mode:x}", $"{s.Links}", $"{s.Uid}", $"{s.Gid}", $"{s.Size}", $"{s.Blocks}", At(s.Born), At(s.Modified), At(s.Changed), At(s.Accessed)],
                told[..11]);
            Assert.Equal((Major(device), Minor(device)), ((uint)(s.Device >> 32), (uint)s.Device));
        }
    }

    [Fact]
    public void A_descriptor_a_path_and_a_name_tell_the_same()
    {
        string file = _folder.Write("file", "x");
        File.CreateSymbolicLink(_folder["link"], file);
        Assert.Equal(Errno.None, Stat.StatAt(_root, Name.Of("file"), out FileStatus named));
        Assert.Equal(Errno.None, Stat.StatPath(Name.Of(_folder["link"]), out FileStatus followed));
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(_root, Name.Of("file"), Fcntl.O_RDONLY, out Fd open));
        using (open)
        {
            Assert.Equal(Errno.None, Stat.FStat(open, out FileStatus opened));
            Assert.True(named.IsSameFile(followed));
            Assert.True(named.IsSameFile(opened));
        }
        Assert.Equal(Errno.None, Stat.StatAt(_root, Name.Of("link"), out FileStatus link));
        Assert.False(named.IsSameFile(link));
    }

    [Fact]
    public void A_mount_is_recognised()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        Assert.Equal(Errno.None, Stat.StatPath(Name.Of(disk.Path), out FileStatus mounted));
        Assert.Equal(Errno.None, Stat.FStat(_root, out FileStatus plain));
        Assert.True(mounted.IsMountRoot);
        Assert.False(plain.IsMountRoot);
        Assert.NotEqual(plain.MountId, mounted.MountId);
    }

    [Fact]
    public void Modes_and_times_are_set()
    {
        Assert.Equal(Errno.None, Stat.MkdirAt(_root, Name.Of("folder"), 0x1C0));
        Assert.Equal(Errno.EEXIST, Stat.MkdirAt(_root, Name.Of("folder"), 0x1C0));
        using Fd folder = TempFolder.OpenFolder(_folder["folder"]);
        Assert.Equal(Errno.None, Stat.FChmod(folder, 0x1E8 | Stat.S_ISVTX));
        var accessed = new Time.timespec { tv_sec = 1_000_000_000, tv_nsec = 1 };
        var modified = new Time.timespec { tv_sec = 1_000_000_001, tv_nsec = 2 };
        Assert.Equal(Errno.None, Stat.FUtimens(folder, accessed, modified));
        Assert.Equal(Errno.None, Stat.FStat(folder, out FileStatus status));
        Assert.Equal(0x1E8 | Stat.S_ISVTX, status.Permissions);
        Assert.Equal(new Timestamp(1_000_000_000, 1), status.Accessed);
        Assert.Equal(new Timestamp(1_000_000_001, 2), status.Modified);

        File.CreateSymbolicLink(_folder["link"], "nowhere");
        Assert.Equal(Errno.None, Stat.UtimensAt(_root, Name.Of("link"), accessed, modified));
        Assert.Equal(Errno.None, Stat.StatAt(_root, Name.Of("link"), out status));
        Assert.Equal(new Timestamp(1_000_000_001, 2), status.Modified);
    }

    private static string At(Timestamp time) => $"{time.Seconds}.{time.Nanoseconds:d9}";

    private static uint Major(ulong device) => (uint)((device >> 8) & 0xFFF);

    private static uint Minor(ulong device) => (uint)((device & 0xFF) | ((device >> 12) & 0xFFF00));
}
