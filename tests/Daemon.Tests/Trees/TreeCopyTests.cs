using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Trees;

public sealed class TreeCopyTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public TreeCopyTests()
    {
        _temp.MakeFolder("from");
        _temp.MakeFolder("to");
    }

    public void Dispose() => _temp.Dispose();

    private Refusal? Copy(string name, string? to = null, Action<long>? progress = null, CancellationToken stop = default)
    {
        using Fd from = TempFolder.OpenFolder(_temp["from"]);
        using Fd target = TempFolder.OpenFolder(to ?? _temp["to"]);
        return TreeCopy.Copy(from, Name.Of(name), target, Name.Of("copy"), "/shown", progress, stop);
    }

    /// <summary>Everything that must be kept, one line per entry.</summary>
    private static string Describe(string path) => Command.Shell(
        "cd \"$1\"; find . -printf '%y %m %U %G %s %n %T@ %p -> %l\\n' | sed 's/^d \\([^ ]* [^ ]* [^ ]*\\) [^ ]* [^ ]*/d \\1/' | sort -k 8; " +
        "find . -type f -exec sha256sum {} + | sort", path).Check();

    private void MakeSample()
    {
        Command.Shell("""
            cd "$1"; mkdir -p item/sub/deep item/empty
            echo one > item/a; echo two > item/sub/b; : > item/zero; head -c 3000000 /dev/urandom > item/sub/big
            ln item/a item/sub/deep/linked; ln item/a item/second
            ln -s ../a item/sub/link; ln -s /nonexistent/dangling item/dangling
            chmod 640 item/a; chmod 755 item/sub/b; chmod 400 item/zero; chmod 2750 item/sub; chmod 1777 item/empty; chmod 555 item/sub/deep
            touch -d '2001-02-03 04:05:06.123456789 UTC' item/a item/sub/big
            touch -h -d '2002-02-03 04:05:06.5 UTC' item/sub/link
            touch -d '2003-02-03 04:05:06 UTC' item/sub/deep item/sub item
            """, _temp["from"]).Check();
        if (Native.IsRoot)
            Command.Shell("cd \"$1\"; chown 64123:64124 item/sub/b item/empty; chown -h 64123:64123 item/dangling; touch -d '2003-02-03 04:05:06 UTC' item", _temp["from"]).Check();
    }

    [Fact]
    public void A_folder_is_copied_with_all_that_belongs_to_it()
    {
        MakeSample();
        long copied = 0;
        Assert.Null(Copy("item", progress: bytes => copied += bytes));
        Assert.Equal(Describe(_temp["from/item"]), Describe(_temp["to/copy"]));
        Assert.Equal(4 + 4 + 3_000_000, copied);
        Assert.Equal(Item.StatusOf(_temp["to/copy/a"]).Inode, Item.StatusOf(_temp["to/copy/sub/deep/linked"]).Inode);
        Assert.NotEqual(Item.StatusOf(_temp["to/copy/a"]).Inode, Item.StatusOf(_temp["from/item/a"]).Inode);
        Assert.Equal(0, Item.OpenBelow(_temp.Path));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void It_is_copied_to_another_file_system(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        MakeSample();
        Assert.Null(Copy("item", disk.Path));
        Assert.Equal(Describe(_temp["from/item"]), Describe(disk["copy"]));
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void Blocks_are_shared_where_they_can_be(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        disk.Write("item", new string('x', 20 << 20));
        Command.Run("sync", "-f", disk.Path).Check();
        using Fd root = disk.Open();
        Assert.Null(TreeCopy.Copy(root, Name.Of("item"), root, Name.Of("copy"), "/shown", null, CancellationToken.None));
        Assert.Equal(File.ReadAllText(disk["item"]), File.ReadAllText(disk["copy"]));
        Assert.SkipUnless(Command.WhyNot("filefrag") is null, "filefrag is not installed");
        Assert.Contains("shared", Command.Run("filefrag", "-v", disk["copy"]).Check(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_copied()
    {
        _temp.Write("from/item", "contents");
        File.SetLastWriteTimeUtc(_temp["from/item"], new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.Null(Copy("item"));
        Assert.Equal("contents", File.ReadAllText(_temp["to/copy"]));
        Assert.Equal(Item.StatusOf(_temp["from/item"]).Modified, Item.StatusOf(_temp["to/copy"]).Modified);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("ext4")]
    public void Holes_stay_holes(string? type)
    {
        using LoopDisk? disk = type is null ? null : LoopDisk.CreateOrSkip(type);
        string to = disk?.Path ?? _temp["to"];
        using (FileStream file = File.Create(_temp["from/item"]))
        {
            file.SetLength(50 << 20);
            file.Position = 10 << 20;
            file.Write("island"u8);
        }
        Assert.Null(Copy("item", to));
        FileStatus copy = Item.StatusOf($"{to}/copy");
        Assert.Equal(50 << 20, copy.Size);
        Assert.InRange(copy.Blocks * 512, 1, 1 << 20);
        Assert.Equal(File.ReadAllBytes(_temp["from/item"]), File.ReadAllBytes($"{to}/copy"));
    }

    [Fact]
    public void Extended_attributes_and_access_lists_are_kept()
    {
        Assert.SkipWhen(Command.WhyNot("setfacl", "getfacl", "setfattr", "getfattr") is not null, "acl and attr are not installed");
        Command.Shell("""
            cd "$1"; mkdir -p item/sub; echo x > item/sub/a; chmod 440 item/sub/a
            setfattr -n user.color -v red item/sub/a; setfattr -n user.empty item; setfattr -n user.color -v blue item/sub
            setfacl -m u:64123:rw item/sub/a; setfacl -d -m g:64124:rx item/sub
            """, _temp["from"]).Check();
        Command.Shell("setfacl -d -m u:64125:rwx \"$1\"", _temp["to"]).Check();

        Assert.Null(Copy("item"));

        const string Dump = "cd \"$1\"; getfattr -R -d -m - . ; getfacl -Rn .";
        string before = Command.Shell(Dump, _temp["from/item"]).Check();
        Assert.Contains("user.color=\"red\"", before, StringComparison.Ordinal);
        Assert.Equal(before, Command.Shell(Dump, _temp["to/copy"]).Check());
    }

    [Fact]
    public void What_the_target_cannot_keep_is_refused()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        Assert.SkipWhen(Command.WhyNot("setfattr", "mkfs.ext4") is not null, "attr is not installed");
        _temp.MakeFolder("to/tmpfs");
        // A tmpfs knows no attributes of the user before Linux 6.6; ramfs never does.
        Command.Run("mount", "-t", "ramfs", "atomikd-test", _temp["to/tmpfs"]).Check();
        try
        {
            _temp.Write("from/item", "x");
            Command.Shell("setfattr -n user.color -v red \"$1\"", _temp["from/item"]).Check();
            Refusal? refusal = Copy("item", _temp["to/tmpfs"]);
            Assert.Equal(Reason.ItemUnsupported, refusal?.Reason);
            Assert.Contains("user.color", refusal!.Message, StringComparison.Ordinal);
        }
        finally
        {
            Mounts.Unmount(_temp["to/tmpfs"]);
        }
    }

    [Fact]
    public void An_owner_that_cannot_be_kept_is_refused()
    {
        _temp.Write("from/item", "x");
        Command.Shell("chmod 755 \"$1\" \"$1/from\"; chmod 644 \"$1/from/item\"; chmod 777 \"$1/to\"", _temp.Path).Check();
        Stranger.RunOrSkip(() =>
        {
            Refusal? refusal = Copy("item");
            Assert.Equal(Reason.NotPermitted, refusal?.Reason);
            Assert.Contains("owner", refusal!.Message, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("mkfifo item/odd")]
    [InlineData(": > item/odd; chmod u+s item/odd")]
    public void A_kind_that_cannot_be_published_is_refused(string make)
    {
        Command.Shell($"cd \"$1\"; mkdir item; {make}", _temp["from"]).Check();
        Refusal? refusal = Copy("item");
        Assert.Equal(Reason.ItemUnsupported, refusal?.Reason);
        Assert.Contains("/shown/odd", refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mount_inside_is_refused()
    {
        _temp.MakeFolder("from/item/mnt");
        using TestMount mount = TestMount.TmpfsOrSkip(_temp["from/item/mnt"]);
        Assert.Equal(Reason.ItemUnsupported, Copy("item")?.Reason);
    }

    [Theory]
    [InlineData("echo more >> item/a")]
    [InlineData("touch -d '2001-01-01' item/a")]
    [InlineData(": > item/b")]
    [InlineData("rm -r item/sub; mkfifo item/sub")]
    public void What_changes_while_it_is_copied_is_busy(string change)
    {
        _temp.Write("from/item/a", "x");
        _temp.Write("from/item/sub/c", "x");
        bool changed = false;
        Refusal? refusal = Copy("item", progress: _ =>
        {
            if (!changed)
                Command.Shell($"cd \"$1\"; {change}", _temp["from"]).Check();
            changed = true;
        });
        Assert.True(changed);
        Assert.Equal(Reason.ItemBusy, refusal?.Reason);
    }

    [Fact]
    public void A_full_disk_is_told()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        Command.Shell("head -c 100M /dev/urandom > \"$1\"", _temp["from/item"]).Check();
        Assert.Equal(Reason.NoSpace, Copy("item", disk.Path)?.Reason);
    }

    [Fact]
    public void Nothing_that_stands_there_is_written_over()
    {
        _temp.Write("from/item", "new");
        string outside = _temp.Write("outside", "kept");
        File.CreateSymbolicLink(_temp["to/copy"], outside);
        Assert.NotNull(Copy("item"));
        Assert.Equal("kept", File.ReadAllText(outside));
    }

    [Fact]
    public void A_deep_tree_is_copied_with_few_descriptors()
    {
        Item.MakeDeep(_temp.MakeFolder("from/item"), 1000);
        _temp.Write("from/item/d/d/link/a", "x");
        Item.MakeDeep(_temp["from/item/d/d/link"], 150);
        Assert.Null(Copy("item"));
        using var copy = new Item(_temp["to/copy"]);
        Assert.Null(TreeInspection.Inspect(copy.Root, copy.Status, "/shown", new InspectionRules(), out TreeFacts facts));
        Assert.Equal(1 + 1000 + 1 + 1 + 1 + 151, facts.Entries);
    }

    [Fact]
    public void It_can_be_stopped_and_what_it_made_can_be_deleted()
    {
        MakeSample();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Copy("item", progress: _ => stop.Cancel(), stop: stop.Token));
        using Fd to = TempFolder.OpenFolder(_temp["to"]);
        Assert.Equal(Errno.None, TreeDelete.Delete(to, Name.Of("copy"), null).Error);
        Assert.Empty(Directory.GetFileSystemEntries(_temp["to"]));
    }
}
