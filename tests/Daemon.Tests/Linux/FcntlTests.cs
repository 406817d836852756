using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class FcntlTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Fd _root;

    public FcntlTests()
    {
        Signal.IgnoreSigio();
        _root = _folder.Open();
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Beneath_opens_what_lies_below()
    {
        _folder.Write("in/file", "text");
        Assert.Equal(Errno.None, Beneath("in/file"));
        Assert.Equal(Errno.ENOENT, Beneath("in/none"));
    }

    [Fact]
    public void Beneath_follows_no_link()
    {
        _folder.Write("real/file", "text");
        File.CreateSymbolicLink(_folder["link"], "real/file");
        File.CreateSymbolicLink(_folder["folder"], "real");
        Assert.Equal(Errno.ELOOP, Beneath("link"));
        Assert.Equal(Errno.ELOOP, Beneath("folder/file"));
    }

    [Fact]
    public void Beneath_does_not_leave_the_folder()
    {
        _folder.Write("in/file", "text");
        using Fd inner = TempFolder.OpenFolder(_folder["in"]);
        Assert.Equal(Errno.EXDEV, Fcntl.OpenBeneath(inner, Name.Of("../in/file"), Fcntl.O_RDONLY, out _));
        Assert.Equal(Errno.EXDEV, Fcntl.OpenBeneath(inner, Name.Of("/etc/passwd"), Fcntl.O_RDONLY, out _));
    }

    [Fact]
    public void Beneath_enters_no_mount()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        string mount = _folder.MakeFolder("mount");
        Command.Run("mount", "-t", "tmpfs", "none", mount).Check();
        try
        {
            File.WriteAllText(_folder["mount/file"], "text");
            Assert.Equal(Errno.EXDEV, Beneath("mount/file"));
            Assert.Equal(Errno.EXDEV, Beneath("mount"));
        }
        finally
        {
            Mounts.Unmount(mount);
        }
    }

    [Fact]
    public void Beneath_does_not_wait_for_the_writer_of_a_fifo()
    {
        Assert.Equal(Errno.None, Stat.MknodAt(_root, Name.Of("fifo"), Stat.S_IFIFO | 0x180, 0));
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(_root, Name.Of("fifo"), Fcntl.O_RDONLY, out Fd fifo));
        using (fifo)
        {
            Assert.Equal(Errno.None, Stat.FStat(fifo, out FileStatus status));
            Assert.Equal(Stat.S_IFIFO, status.Type);
        }
    }

    [Fact]
    public void Beneath_does_not_wait_for_a_foreign_lease()
    {
        using Fd holder = Open("file", Fcntl.O_RDWR | Fcntl.O_CREAT);
        Assert.Equal(Errno.None, Fcntl.SetLease(holder, Fcntl.F_WRLCK));
        Assert.Equal(Errno.EAGAIN, Beneath("file"));
    }

    [Fact]
    public void A_read_lease_is_refused_while_the_file_is_open_for_writing()
    {
        using Fd reader = Open("file", Fcntl.O_RDONLY | Fcntl.O_CREAT);
        using (Open("file", Fcntl.O_WRONLY))
            Assert.Equal(Errno.EAGAIN, Fcntl.SetLease(reader, Fcntl.F_RDLCK));
        Assert.Equal(Errno.None, Fcntl.SetLease(reader, Fcntl.F_RDLCK));
        Assert.Equal(Errno.None, Fcntl.GetLease(reader, out int type));
        Assert.Equal(Fcntl.F_RDLCK, type);
        Assert.Equal(Errno.None, Fcntl.SetLease(reader, Fcntl.F_UNLCK));
        Assert.Equal(Errno.None, Fcntl.GetLease(reader, out type));
        Assert.Equal(Fcntl.F_UNLCK, type);
    }

    [Fact]
    public void A_read_lease_is_refused_while_another_process_writes()
    {
        _folder.Write("file", "");
        using Fd reader = Open("file", Fcntl.O_RDONLY);
        using var writer = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("sh", ["-c", "exec 3>>\"$1\"; echo open; read line", "sh", _folder["file"]])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        Assert.Equal("open", writer.StandardOutput.ReadLine());
        Assert.Equal(Errno.EAGAIN, Fcntl.SetLease(reader, Fcntl.F_RDLCK));
        writer.StandardInput.Close();
        writer.WaitForExit();
        Assert.Equal(Errno.None, Fcntl.SetLease(reader, Fcntl.F_RDLCK));
    }

    [Fact]
    public void A_lease_in_breaking_is_told()
    {
        using Fd reader = Open("file", Fcntl.O_RDONLY | Fcntl.O_CREAT);
        Assert.Equal(Errno.None, Fcntl.SetLease(reader, Fcntl.F_RDLCK));
        Assert.Equal(Errno.EAGAIN, Fcntl.OpenAt2(_root, Name.Of("file"), Fcntl.O_WRONLY | Fcntl.O_NONBLOCK, 0, 0, out _));
        Assert.Equal(Errno.None, Fcntl.GetLease(reader, out int type));
        Assert.Equal(Fcntl.F_UNLCK, type);
    }

    [Fact]
    public void What_is_opened_does_not_pass_to_programs_that_are_started()
    {
        using Fd file = Open("file", Fcntl.O_RDONLY | Fcntl.O_CREAT);
        string flags = File.ReadLines($"/proc/self/fdinfo/{file.Number}").Single(l => l.StartsWith("flags:", StringComparison.Ordinal));
        Assert.NotEqual(0, Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & Fcntl.O_CLOEXEC);
    }

    private Errno Beneath(string path)
    {
        Errno error = Fcntl.OpenBeneath(_root, Name.Of(path), Fcntl.O_RDONLY, out Fd opened);
        opened.Dispose();
        return error;
    }

    private Fd Open(string name, int flags)
    {
        Assert.Equal(Errno.None, Fcntl.OpenAt2(_root, Name.Of(name), flags, (flags & Fcntl.O_CREAT) != 0 ? 0x180u : 0, 0, out Fd file));
        return file;
    }
}
