using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class SysFileTests
{
    [Fact]
    public void A_folder_is_locked_by_one_and_shared_by_many()
    {
        using var folder = new TempFolder();
        using Fd first = folder.Open();
        using Fd second = folder.Open();
        using Fd third = folder.Open();
        Assert.Equal(Errno.None, SysFile.Flock(first, SysFile.LOCK_SH | SysFile.LOCK_NB));
        Assert.Equal(Errno.None, SysFile.Flock(second, SysFile.LOCK_SH | SysFile.LOCK_NB));
        Assert.Equal(Errno.EAGAIN, SysFile.Flock(third, SysFile.LOCK_EX | SysFile.LOCK_NB));
        Assert.Equal(Errno.None, SysFile.Flock(first, SysFile.LOCK_UN));
        second.Dispose();
        Assert.Equal(Errno.None, SysFile.Flock(third, SysFile.LOCK_EX | SysFile.LOCK_NB));
    }

    [Fact]
    public void The_lock_of_another_process_and_user_is_seen_after_a_rename()
    {
        Assert.SkipWhen(Command.WhyNot("flock") is not null, "not installed: flock");
        using var folder = new TempFolder();
        string item = folder.MakeFolder("item");
        string[] command = ["flock", "-s", item, "sh", "-c", "echo held; read line"];
        string[] all = ForeignUser.WhyNot is null ? ["setpriv", .. ForeignUser.Prefix(ForeignUser.Stranger), .. command] : command;
        System.Diagnostics.ProcessStartInfo start = Command.Prepare(all[0], all[1..]);
        start.UseShellExecute = false;
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        using var reader = System.Diagnostics.Process.Start(start)!;
        Assert.Equal("held", reader.StandardOutput.ReadLine());
        Directory.Move(item, folder["moved"]);
        using Fd moved = TempFolder.OpenFolder(folder["moved"]);
        Assert.Equal(Errno.EAGAIN, SysFile.Flock(moved, SysFile.LOCK_EX | SysFile.LOCK_NB));
        reader.StandardInput.Close();
        reader.WaitForExit();
        Assert.Equal(Errno.None, SysFile.Flock(moved, SysFile.LOCK_EX | SysFile.LOCK_NB));
    }
}
