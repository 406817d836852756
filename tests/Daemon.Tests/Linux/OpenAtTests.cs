using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

/// <summary>Where openat2 is refused, openat must answer the same for every name that a producer can make.</summary>
public sealed class OpenAtTests : IDisposable
{
    private const ulong Beneath = Fcntl.RESOLVE_BENEATH | Fcntl.RESOLVE_NO_SYMLINKS | Fcntl.RESOLVE_NO_MAGICLINKS | Fcntl.RESOLVE_NO_XDEV;
    private const int Safe = Fcntl.O_NOFOLLOW | Fcntl.O_NONBLOCK | Fcntl.O_NOCTTY;

    /// <summary>openat2 takes no others beside O_PATH.</summary>
    private const int SafePath = Fcntl.O_NOFOLLOW | Fcntl.O_PATH;

    private readonly TempFolder _folder = new();
    private readonly Fd _root;

    public OpenAtTests() => _root = _folder.Open();

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void It_answers_as_openat2_does()
    {
        _folder.Write("file", "text");
        _folder.MakeFolder("folder");
        File.CreateSymbolicLink(_folder["to-file"], "file");
        File.CreateSymbolicLink(_folder["to-folder"], "folder");
        File.CreateSymbolicLink(_folder["out"], "/etc/passwd");
        File.CreateSymbolicLink(_folder["dangling"], "nowhere");
        Assert.Equal(Errno.None, Stat.MknodAt(_root, Name.Of("fifo"), Stat.S_IFIFO | 0x1A4, 0));
        foreach (string name in new[] { "file", "folder", "to-file", "to-folder", "out", "dangling", "fifo", "none", ".", "..", new string('x', 256) })
        {
            foreach (int flags in new[] { Safe | Fcntl.O_RDONLY, Safe | Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, SafePath | Fcntl.O_DIRECTORY, Safe | Fcntl.O_WRONLY })
            {
                Errno expected = Fcntl.OpenAt2(_root, Name.Of(name), flags, 0, Beneath, out Fd one);
                Errno got = Fcntl.OpenAtInstead(_root, Name.Of(name), flags, 0, Beneath, out Fd other);
                using (one)
                using (other)
                {
                    Assert.True(expected == got, $"{name}, flags 0x{flags:x}: openat2 says {expected}, openat {got}");
                    Assert.Equal(one.IsInvalid, other.IsInvalid);
                    if (got == Errno.None && Stat.FStat(one, out FileStatus a) == Errno.None && Stat.FStat(other, out FileStatus b) == Errno.None)
                        Assert.True(a.IsSameFile(b), name);
                }
            }
        }
    }

    [Fact]
    public void It_does_not_enter_another_mount()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        string inner = _folder.MakeFolder("inner");
        Command.Run("mount", "-t", "tmpfs", "tmpfs", inner).Check();
        try
        {
            Assert.Equal(Errno.EXDEV, Fcntl.OpenAtInstead(_root, Name.Of("inner"), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Safe, 0, Beneath, out Fd opened));
            Assert.True(opened.IsInvalid);
        }
        finally
        {
            Mounts.Unmount(inner);
        }
    }

    [Theory]
    [InlineData("folder/file")]
    [InlineData("../file")]
    [InlineData("/etc/passwd")]
    public void It_takes_no_path_whose_way_it_cannot_see(string path)
    {
        Assert.Equal(Errno.ENOSYS, Fcntl.OpenAtInstead(_root, Name.Of(path), Fcntl.O_RDONLY, 0, Beneath, out _));
    }

    [Fact]
    public void It_makes_new_files_and_is_closed_when_a_program_is_started()
    {
        Assert.Equal(Errno.None, Fcntl.OpenAtInstead(_root, Name.Of("new"), Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL, 0x180, Fcntl.RESOLVE_BENEATH, out Fd made));
        using (made)
        {
            Assert.Equal("600", Command.Run("stat", "-c", "%a", _folder["new"]).Check());
            string flags = File.ReadLines($"/proc/self/fdinfo/{made.Number}").First(line => line.StartsWith("flags:", StringComparison.Ordinal))["flags:".Length..];
            Assert.NotEqual(0, Convert.ToInt32(flags.Trim(), 8) & Fcntl.O_CLOEXEC);
        }
        Assert.Equal(Errno.EEXIST, Fcntl.OpenAtInstead(_root, Name.Of("new"), Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL, 0x180, Fcntl.RESOLVE_BENEATH, out _));
    }

    [Fact]
    public void A_devices_number_is_that_of_stat()
    {
        string file = _folder.Write("file", "text");
        Assert.Equal(Errno.None, Stat.StatPath(Name.Of(file), out FileStatus status));
        Assert.Equal(Command.Run("stat", "-c", "%d", file).Check(), $"{Stat.MakeDev(status.Device)}");
    }
}
