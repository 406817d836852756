using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Trees;

public sealed class TreeSyncTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("ext4", 0)]
    [InlineData("ext4", 3)]
    [InlineData("xfs", 0)]
    [InlineData("xfs", 3)]
    public void What_was_synced_survives_a_power_cut(string type, int workers)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        for (int i = 0; i < 300; i++)
            disk.Write($"item/flat/{i:d3}", $"contents {i}");
        disk.Write("item/a/b/c", "deep");
        disk.Write("item/top", "top");
        Directory.CreateDirectory(disk["item/empty"]);
        using (var item = new Item(disk["item"]))
        {
            Assert.Null(TreeSync.Sync(item.Root, item.Status, "/shown", workers, CancellationToken.None));
            Assert.Equal(Errno.None, Unistd.Fsync(item.Above));
        }

        disk.Cut();

        for (int i = 0; i < 300; i++)
            Assert.Equal($"contents {i}", File.ReadAllText(disk[$"item/flat/{i:d3}"]));
        Assert.Equal("deep", File.ReadAllText(disk["item/a/b/c"]));
        Assert.Equal("top", File.ReadAllText(disk["item/top"]));
        Assert.True(Directory.Exists(disk["item/empty"]));
    }

    [Fact]
    public void A_large_file_goes_out_in_steps_and_survives_a_power_cut()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4", sizeMiB: 256);
        Command.Shell("head -c 150M /dev/zero | tr '\\0' x > \"$1\"", disk["item"]).Check();
        using (var item = new Item(disk["item"]))
        {
            Assert.Null(TreeSync.Sync(item.Root, item.Status, "/shown", 0, CancellationToken.None));
            Assert.Equal(Errno.None, Unistd.Fsync(item.Above));
        }

        disk.Cut();

        Assert.Equal(150L << 20, new FileInfo(disk["item"]).Length);
        Assert.Equal("0", Command.Shell("tr -d x < \"$1\" | wc -c", disk["item"]).Check());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_deep_tree_is_synced(int workers)
    {
        using var memory = new TempFolder(Directory.Exists("/dev/shm") ? "/dev/shm" : null);
        Item.MakeDeep(memory.MakeFolder("item"), 1000);
        using var item = new Item(memory["item"]);
        Assert.Null(TreeSync.Sync(item.Root, item.Status, "/shown", workers, CancellationToken.None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_disk_that_is_gone_fails_the_sync(int workers)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        disk.Write("item/sub/a", "x");
        disk.Write("file", "x");
        using var item = new Item(disk["item"]);
        using var file = new Item(disk["file"]);
        disk.Shutdown();

        SyncFailure? failure = TreeSync.Sync(item.Root, item.Status, "/shown", workers, CancellationToken.None);
        Assert.StartsWith("/shown", failure?.Path, StringComparison.Ordinal);
        Assert.Equal(Reason.IoError, failure!.ToRefusal().Reason);

        failure = TreeSync.Sync(file.Root, file.Status, "/shown", workers, CancellationToken.None);
        Assert.Equal(new SyncFailure(Errno.EIO, "/shown", file.Status) { IsFinal = true }, failure);
        Assert.False(failure!.ToRefusal().IsRetryable);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void What_cannot_be_opened_is_no_failed_sync(int workers)
    {
        _temp.Write("item/sub/a", "x");
        _temp.Write("item/sub/b", "x");
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(_temp["item/sub/b"]), Fcntl.O_RDONLY, 0, out Fd holder));
        using Fd _ = holder;
        Assert.Equal(Errno.None, Fcntl.SetLease(holder, Fcntl.F_WRLCK));
        using var item = new Item(_temp["item"]);

        SyncFailure? failure = TreeSync.Sync(item.Root, item.Status, "/shown", workers, CancellationToken.None);

        Assert.NotNull(failure);
        Assert.False(failure.IsFinal);
        Assert.Equal("/shown/sub/b", failure.Path);
        Assert.Equal(Reason.ItemBusy, failure.ToRefusal().Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void It_can_be_stopped(int workers)
    {
        _temp.Write("item/a", "x");
        using var item = new Item(_temp["item"]);
        Assert.Throws<OperationCanceledException>(() => TreeSync.Sync(item.Root, item.Status, "/shown", workers, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Many_workers_leave_no_descriptor_open()
    {
        for (int i = 0; i < 50; i++)
            _temp.Write($"item/{i}/f", "x");
        for (int i = 0; i < 1000; i++)
            File.Create(_temp[$"item/7/{i}"]).Dispose();
        using (var item = new Item(_temp["item"]))
            Assert.Null(TreeSync.Sync(item.Root, item.Status, "/shown", 4, CancellationToken.None));
        Assert.Equal(0, Item.OpenBelow(_temp.Path));
    }
}
