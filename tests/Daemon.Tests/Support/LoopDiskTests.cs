using AtomikD.Linux;
using Xunit;

namespace AtomikD.Support;

public sealed class LoopDiskTests
{
    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public void Cut_empties_what_was_not_synced_although_its_name_is_there(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        disk.Write("synced", "kept");
        SyncAll(disk);
        disk.Write("unsynced", "lost");
        // The sync of a folder takes its names to the disk, not the contents of the files.
        using (Fd root = disk.Open())
            Assert.Equal(Errno.None, Unistd.Fsync(root));
        disk.Cut();
        Assert.Equal("kept", File.ReadAllText(disk["synced"]));
        Assert.Equal(0, new FileInfo(disk["unsynced"]).Length);
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void Cut_loses_what_nobody_synced(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        disk.Write("synced", "kept");
        SyncAll(disk);
        disk.Write("unsynced", "lost");
        disk.Cut();
        Assert.Equal("kept", File.ReadAllText(disk["synced"]));
        Assert.False(File.Exists(disk["unsynced"]));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void Cut_can_return_on_another_device(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        string before = disk.Device;
        disk.Cut(anotherLoop: true);
        Assert.NotEqual(before, disk.Device);
        File.WriteAllText(disk["usable"], "yes");
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void Fill_leaves_no_room_for_data(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        string filler = disk.Fill(0);
        using (Fd root = disk.Open())
        {
            // Not even the name of a file fits where its inode needs a block of its own.
            Errno made = Fcntl.OpenAt2(root, Name.Of("file"), Fcntl.O_WRONLY | Fcntl.O_CREAT, 0x180, 0, out Fd file);
            using (file)
                Assert.Equal(Errno.ENOSPC, made == Errno.None ? Native.Fallocate(file, 0, 1024 * 1024) : made);
        }
        File.Delete(filler);
        File.WriteAllBytes(disk["file"], new byte[1024 * 1024]);
    }

    [Fact]
    public void Fill_leaves_about_what_is_asked()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        disk.Fill(4 * 1024 * 1024);
        Assert.InRange(new DriveInfo(disk.Path).AvailableFreeSpace, 3L * 1024 * 1024, 5L * 1024 * 1024);
    }

    [Fact]
    public void Remount_makes_it_read_only_and_back()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        disk.Remount(readOnly: true);
        Assert.Throws<IOException>(() => File.WriteAllText(disk["file"], ""));
        disk.Remount(readOnly: false);
        File.WriteAllText(disk["file"], "");
    }

    [Fact]
    public void A_holder_is_named_when_it_cannot_be_unmounted()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using Fd holder = disk.Open();
        var error = Assert.Throws<InvalidOperationException>(() => disk.Unmount(patience: TimeSpan.FromMilliseconds(50)));
        Assert.Contains($"/proc/{Environment.ProcessId}/fd/{holder.Number}", error.Message, StringComparison.Ordinal);
    }

    private static void SyncAll(LoopDisk disk)
    {
        using Fd root = disk.Open();
        Assert.Equal(Errno.None, Unistd.Syncfs(root));
    }
}
