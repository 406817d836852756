using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Trees;

public sealed class TreeInspectionTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    private static Refusal? Inspect(string path, InspectionRules rules, out TreeFacts facts)
    {
        using var item = new Item(path);
        return TreeInspection.Inspect(item.Root, item.Status, "/shown", rules, out facts);
    }

    private static Refusal? Inspect(string path, InspectionRules? rules = null) => Inspect(path, rules ?? new InspectionRules(), out _);

    private static void IsRefused(Refusal? refusal, Reason reason, string path)
    {
        Assert.NotNull(refusal);
        Assert.Equal(reason, refusal.Reason);
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.Hint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_is_counted(bool leases)
    {
        _temp.Write("item/a", "12345");
        _temp.Write("item/sub/b", "123");
        _temp.MakeFolder("item/empty");
        File.CreateSymbolicLink(_temp["item/link"], "/etc/passwd");

        Assert.Null(Inspect(_temp["item"], new InspectionRules { AskLeases = leases, RefuseOutsideLinks = true }, out TreeFacts facts));

        Assert.Equal(new TreeFacts(ItemKind.Folder, 2, 8, 6) with { OldestChange = facts.OldestChange }, facts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_is_counted(bool leases)
    {
        _temp.Write("item", "12345");
        Assert.Null(Inspect(_temp["item"], new InspectionRules { AskLeases = leases }, out TreeFacts facts));
        Assert.Equal(new TreeFacts(ItemKind.File, 1, 5, 1) with { OldestChange = facts.OldestChange }, facts);
    }

    [Theory]
    [InlineData("mkfifo \"$1\"", "FIFO")]
    [InlineData("python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"$1\"", "socket")]
    [InlineData("mknod \"$1\" c 1 3", "device node")]
    [InlineData(": > \"$1\"; chmod 4755 \"$1\"", "set-uid")]
    [InlineData(": > \"$1\"; chmod 2644 \"$1\"", "set-gid")]
    public void A_kind_that_cannot_be_published_is_refused(string make, string word)
    {
        Assert.SkipUnless(Native.IsRoot || !make.Contains("mknod", StringComparison.Ordinal), "needs root to make a device node");
        _temp.MakeFolder("item/sub");
        Command.Shell(make, _temp["item/sub/odd"]).Check();

        foreach (bool leases in (bool[])[false, true])
        {
            Refusal? refusal = Inspect(_temp["item"], new InspectionRules { AskLeases = leases });
            IsRefused(refusal, Reason.ItemUnsupported, "/shown/sub/odd");
            Assert.Contains(word, refusal!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_set_gid_folder_is_fine()
    {
        _temp.MakeFolder("item/sub");
        Command.Shell("chmod g+s \"$1\"", _temp["item/sub"]).Check();
        Assert.Null(Inspect(_temp["item"]));
    }

    [Fact]
    public void A_root_that_is_a_link_or_a_fifo_is_refused()
    {
        Command.Shell("mkfifo \"$1\"", _temp["fifo"]).Check();
        IsRefused(Inspect(_temp["fifo"]), Reason.ItemUnsupported, "/shown is a FIFO");
    }

    [Fact]
    public void A_name_that_is_not_text_is_told_escaped()
    {
        Command.Shell("mkdir \"$1\"; cd \"$1\"; mkfifo \"$(printf 'a\\377\\nb')\"", _temp["item"]).Check();
        IsRefused(Inspect(_temp["item"]), Reason.ItemUnsupported, @"/shown/a\xff\x0ab");
    }

    [Fact]
    public void A_mount_inside_is_refused()
    {
        _temp.MakeFolder("item/sub/mnt");
        using var mount = TestMount.TmpfsOrSkip(_temp["item/sub/mnt"]);
        IsRefused(Inspect(_temp["item"]), Reason.ItemUnsupported, "/shown/sub/mnt is a mount point");
    }

    [Fact]
    public void A_folder_or_a_file_bound_from_the_same_file_system_is_refused()
    {
        _temp.MakeFolder("other");
        _temp.Write("file", "x");
        _temp.MakeFolder("a/mnt");
        _temp.Write("b/mnt", "");
        using var folder = TestMount.BindOrSkip(_temp["other"], _temp["a/mnt"]);
        using var file = TestMount.BindOrSkip(_temp["file"], _temp["b/mnt"]);
        foreach (bool leases in (bool[])[false, true])
        {
            IsRefused(Inspect(_temp["a"], new InspectionRules { AskLeases = leases }), Reason.ItemUnsupported, "/shown/mnt is a mount point");
            IsRefused(Inspect(_temp["b"], new InspectionRules { AskLeases = leases }), Reason.ItemUnsupported, "/shown/mnt is a mount point");
        }
    }

    [Fact]
    public void A_root_on_another_device_is_refused()
    {
        _temp.Write("item", "");
        IsRefused(Inspect(_temp["item"], new InspectionRules { Device = 42 }), Reason.ItemUnsupported, "/shown");
    }

    [Fact]
    public void A_thousand_levels_are_taken_and_one_more_is_refused()
    {
        Item.MakeDeep(_temp.MakeFolder("item"), 1000);
        Assert.Null(Inspect(_temp["item"], new InspectionRules { AskLeases = true }, out TreeFacts facts));
        Assert.Equal(1002, facts.Entries);

        Item.MakeDeep(_temp.MakeFolder("deeper"), 1001);
        IsRefused(Inspect(_temp["deeper"]), Reason.ItemUnsupported, "1,000 levels");
    }

    [Fact]
    public void A_subvolume_inside_is_refused()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("btrfs");
        Directory.CreateDirectory(disk["item"]);
        Command.Run("btrfs", "subvolume", "create", disk["item/sub"]).Check();
        IsRefused(Inspect(disk["item"]), Reason.ItemUnsupported, "/shown/sub is a mount point, or on another file system");
        Assert.Null(Inspect(disk["item/sub"]));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("tmpfs")]
    public void A_wide_folder_is_read_on_where_it_was_left_after_deep_ones(string type)
    {
        Assert.SkipUnless(type != "tmpfs" || Directory.Exists("/dev/shm"), "no tmpfs here");
        using LoopDisk? disk = type == "tmpfs" ? null : LoopDisk.CreateOrSkip(type);
        using var temp = new TempFolder(disk?.Path ?? "/dev/shm");
        Command.Shell("mkdir -p \"$1\"; cd \"$1\"; seq -f 'file-with-a-rather-long-name-%g' 3000 | xargs touch", temp["item/d/d"]).Check();
        for (int i = 0; i < 20; i++)
            Item.MakeDeep(temp["item/d/d"], 100, $"chain{i}");

        Assert.Null(Inspect(temp["item"], new InspectionRules(), out TreeFacts facts));
        Assert.Equal((3 + 3000 + (20 * 101), 3000 + 20), (facts.Entries, facts.Files));

        using Fd above = temp.Open();
        DeleteResult deleted = TreeDelete.Delete(above, Name.Of("item"), null);
        Assert.Equal((facts.Entries, Errno.None), (deleted.Entries, deleted.Error));
    }

    [Fact]
    public void What_changed_after_the_marker_is_busy()
    {
        _temp.Write("item/sub/b", "123");
        _temp.Write("item.ready", "");
        Timestamp marker = Item.StatusOf(_temp["item.ready"]).Changed;
        var rules = new InspectionRules { MarkerChanged = marker };
        Assert.Null(Inspect(_temp["item"], rules));

        // The kernel's clock for files ticks coarsely: write until the tick has come.
        Assert.True(SpinWait.SpinUntil(() =>
        {
            File.SetUnixFileMode(_temp["item/sub/b"], UnixFileMode.UserRead);
            return Item.StatusOf(_temp["item/sub/b"]).Changed > marker;
        }, TimeSpan.FromSeconds(5)));

        foreach (bool leases in (bool[])[false, true])
        {
            Refusal? refusal = Inspect(_temp["item"], rules with { AskLeases = leases });
            IsRefused(refusal, Reason.ItemBusy, "/shown/sub/b was changed after its marker; touch the marker again");
            Assert.True(refusal!.IsRetryable);
        }
    }

    [Fact]
    public void The_root_that_a_claim_has_renamed_is_not_judged_by_its_change()
    {
        _temp.Write("item/a", "");
        Timestamp marker = Item.StatusOf(_temp["item/a"]).Changed;
        Assert.True(SpinWait.SpinUntil(() =>
        {
            File.SetUnixFileMode(_temp["item"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return Item.StatusOf(_temp["item"]).Changed > marker;
        }, TimeSpan.FromSeconds(5)));
        IsRefused(Inspect(_temp["item"], new InspectionRules { MarkerChanged = marker }), Reason.ItemBusy, "/shown was changed after");
        Assert.Null(Inspect(_temp["item"], new InspectionRules { MarkerChanged = marker, SkipRootChange = true }));
    }

    [Fact]
    public void A_file_open_for_writing_is_busy_until_it_is_closed()
    {
        _temp.Write("item/sub/a", "x");
        _temp.Write("item/sub/open", "x");
        _temp.Write("file", "x");
        var rules = new InspectionRules { AskLeases = true };
        using (File.Open(_temp["item/sub/open"], FileMode.Open, FileAccess.Write))
        using (File.Open(_temp["file"], FileMode.Open, FileAccess.ReadWrite))
        {
            IsRefused(Inspect(_temp["item"], rules), Reason.ItemBusy, "/shown/sub/open is open for writing");
            IsRefused(Inspect(_temp["file"], rules), Reason.ItemBusy, "/shown is open for writing");
            Assert.Null(Inspect(_temp["item"]));
        }
        Assert.Null(Inspect(_temp["item"], rules));
        Assert.Null(Inspect(_temp["file"], rules));
        // The leases were given back: a writer does not wait.
        using FileStream writer = File.Open(_temp["file"], FileMode.Open, FileAccess.Write);
    }

    [Fact]
    public void A_foreign_lease_is_busy_and_not_waited_for()
    {
        _temp.Write("item/a", "x");
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(_temp["item/a"]), Fcntl.O_RDONLY, 0, out Fd holder));
        using Fd _ = holder;
        Assert.Equal(Errno.None, Fcntl.SetLease(holder, Fcntl.F_WRLCK));
        IsRefused(Inspect(_temp["item"], new InspectionRules { AskLeases = true }), Reason.ItemBusy, "/shown/a");
    }

    [Fact]
    public void Hard_links_within_the_item_are_fine_and_those_outside_are_not()
    {
        _temp.Write("item/a", "x");
        _temp.MakeFolder("item/sub");
        Link("item/a", "item/sub/b");
        var rules = new InspectionRules { RefuseOutsideLinks = true };
        Assert.Null(Inspect(_temp["item"], rules));

        Link("item/sub/b", "outside");
        IsRefused(Inspect(_temp["item"], rules), Reason.ItemUnsupported, "hard links outside");
        IsRefused(Inspect(_temp["outside"], rules), Reason.ItemUnsupported, "hard links outside");
        Assert.Null(Inspect(_temp["item"]));
    }

    [Fact]
    public void What_a_sync_has_failed_on_is_refused_for_good()
    {
        _temp.Write("item/bad", "x");
        ulong inode = Item.StatusOf(_temp["item/bad"]).Inode;
        Refusal? refusal = Inspect(_temp["item"], new InspectionRules { IsPoisoned = file => file.Inode == inode });
        IsRefused(refusal, Reason.IoError, "/shown/bad: an earlier sync of it failed");
        Assert.False(refusal!.IsRetryable);
    }

    [Fact]
    public void A_quick_look_ends_at_its_limit()
    {
        for (int i = 0; i < 20; i++)
            _temp.Write($"item/{i}", "1");
        Assert.Null(Inspect(_temp["item"], new InspectionRules { QuickLimit = 10, RefuseOutsideLinks = true }, out TreeFacts facts));
        Assert.True(facts.Partial);
        Assert.Equal(10, facts.Entries);

        Assert.Null(Inspect(_temp["item"], new InspectionRules { QuickLimit = 21 }, out facts));
        Assert.False(facts.Partial);
        Assert.Equal(21, facts.Entries);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("sub")]
    public void What_may_not_be_read_is_told(string closed)
    {
        _temp.Write("item/a", "x");
        _temp.Write("item/sub/b", "x");
        File.SetUnixFileMode(_temp[$"item/{closed}"], UnixFileMode.None);
        Stranger.Run(() => IsRefused(Inspect(_temp["item"], new InspectionRules { AskLeases = true }), Reason.NotPermitted, $"/shown/{closed}"));
    }

    [Fact]
    public void A_hundred_thousand_files_are_walked()
    {
        using var memory = new TempFolder(Directory.Exists("/dev/shm") ? "/dev/shm" : null);
        memory.MakeFolder("item");
        Command.Shell("cd \"$1\"; seq 100000 | xargs touch; mkdir sub; touch sub/x", memory["item"]).Check();
        Assert.Null(Inspect(memory["item"], new InspectionRules { AskLeases = true, RefuseOutsideLinks = true }, out TreeFacts facts));
        Assert.Equal(new TreeFacts(ItemKind.Folder, 100_001, 0, 100_003) with { OldestChange = facts.OldestChange }, facts);
    }

    [Fact]
    public void A_tree_that_changes_meanwhile_is_refused_or_taken_but_never_left()
    {
        _temp.Write("item/a/f", "x");
        _temp.Write("outside/secret", "x");
        using var stop = new CancellationTokenSource();
        string item = _temp["item"];
        string outside = _temp["outside"];
        var hostile = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Directory.Move($"{item}/a", $"{item}/b");
                File.CreateSymbolicLink($"{item}/a", outside);
                File.Delete($"{item}/a");
                Directory.Move($"{item}/b", $"{item}/a");
            }
        });
        hostile.Start();
        try
        {
            for (int i = 0; i < 2000; i++)
            {
                Refusal? refusal = Inspect(item, new InspectionRules
                {
                    AskLeases = i % 2 == 0,
                    IsPoisoned = status => status.Inode == Item.StatusOf($"{outside}/secret").Inode,
                });
                Assert.True(refusal is null or { Reason: Reason.ItemBusy }, refusal?.Message);
            }
        }
        finally
        {
            stop.Cancel();
            hostile.Join();
        }
    }

    private void Link(string from, string to)
    {
        Assert.Equal(Errno.None, Unistd.LinkAt(Fd.Cwd, Name.Of(_temp[from]), Fd.Cwd, Name.Of(_temp[to])));
    }
}
