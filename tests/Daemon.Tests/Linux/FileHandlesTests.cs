using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class FileHandlesTests
{
    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void A_handle_stays_with_its_file_and_is_not_issued_again(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        using Fd root = disk.Open();
        disk.Write("a", "1");
        byte[] first = FileHandles.Of(root, Name.Of("a"));
        Assert.True(first.Length > 4);

        Assert.Equal(Errno.None, Stdio.RenameAt2(root, Name.Of("a"), root, Name.Of("b"), Stdio.RENAME_NOREPLACE));
        Assert.Equal(first, FileHandles.Of(root, Name.Of("b")));
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(root, Name.Of("b"), Fcntl.O_RDONLY, out Fd file));
        using (file)
            Assert.Equal(first, FileHandles.Of(file, Name.Empty));

        File.Delete(disk["b"]);
        disk.Write("b", "2");
        Assert.NotEqual(first, FileHandles.Of(root, Name.Of("b")));
    }

    [Fact]
    public void Links_are_not_followed_and_nothing_has_no_handle()
    {
        using var folder = new TempFolder();
        using Fd root = folder.Open();
        folder.Write("file", "1");
        File.CreateSymbolicLink(folder["link"], "file");
        Assert.NotEqual(FileHandles.Of(root, Name.Of("file")), FileHandles.Of(root, Name.Of("link")));
        Assert.Empty(FileHandles.Of(root, Name.Of("none")));
    }

    [Fact]
    public void Overlay_has_handles_too()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 5), "AT_HANDLE_FID came with Linux 6.5");
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        foreach (string part in (string[])["lower", "upper", "work", "merged"])
            Directory.CreateDirectory(disk[part]);
        CommandResult mounted = Command.Run("mount", "-t", "overlay", "overlay", "-o",
            $"lowerdir={disk["lower"]},upperdir={disk["upper"]},workdir={disk["work"]}", disk["merged"]);
        Assert.SkipUnless(mounted.Succeeded, "no overlay file system here");
        try
        {
            disk.Write("merged/file", "1");
            using Fd merged = TempFolder.OpenFolder(disk["merged"]);
            Assert.NotEmpty(FileHandles.Of(merged, Name.Of("file")));
        }
        finally
        {
            Mounts.Unmount(disk["merged"]);
        }
    }
}
