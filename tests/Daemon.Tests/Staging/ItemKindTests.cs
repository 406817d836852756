using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Trees;
using Xunit;

namespace AtomikD.Staging;

/// <summary>What an item may be and hold; what may not go live is left, or put back, as it was.</summary>
public sealed class ItemKindTests(ServedRoute served) : IClassFixture<ServedRoute>
{
    private readonly EngineHarness _harness = served.Harness;
    private readonly string _name = ServedRoute.NewName();

    private string ItemPath => _harness.Staged(_name);

    [Theory]
    [InlineData("index.html")]
    [InlineData("/etc/passwd")]
    [InlineData("nowhere")]
    [InlineData(".")]
    public void An_item_that_is_a_symbolic_link_is_refused(string target)
    {
        File.CreateSymbolicLink(ItemPath, target);
        RefusedAsItWas("a symbolic link");
    }

    [Fact]
    public void A_link_to_a_folder_is_no_folder()
    {
        using var elsewhere = new TempFolder();
        elsewhere.Write("a", "1");
        string before = Drop.Snapshot(elsewhere.Path);
        File.CreateSymbolicLink(ItemPath, elsewhere.Path);
        RefusedAsItWas("a symbolic link");
        Assert.Equal(before, Drop.Snapshot(elsewhere.Path));
    }

    [Theory]
    [InlineData(Stat.S_IFIFO)]
    [InlineData(Stat.S_IFSOCK)]
    [InlineData(Stat.S_IFCHR)]
    public void An_item_that_is_a_node_is_refused_and_never_opened(uint type)
    {
        Assert.SkipWhen(type == Stat.S_IFCHR && !Native.IsRoot, "needs root for a device node");
        Drop.MakeNode(ItemPath, type);
        RefusedAsItWas("neither a file nor a folder");
    }

    [Theory]
    [InlineData(Stat.S_IFIFO, "FIFO", 0)]
    [InlineData(Stat.S_IFSOCK, "socket", 0)]
    [InlineData(Stat.S_IFCHR, "device node", 0)]
    [InlineData(Stat.S_IFIFO, "FIFO", 100)]
    [InlineData(Stat.S_IFSOCK, "socket", 100)]
    [InlineData(Stat.S_IFCHR, "device node", 100)]
    public void An_item_that_holds_a_node_is_refused(uint type, string word, int files)
    {
        Assert.SkipWhen(type == Stat.S_IFCHR && !Native.IsRoot, "needs root for a device node");
        Folder(files);
        Drop.MakeNode(Path.Combine(ItemPath, "sub", "node"), type);
        RefusedAsItWas($"{ItemPath}/sub/node is a {word}");
    }

    [Theory]
    [InlineData(Stat.S_ISUID | 0x1EDu, 0)]
    [InlineData(Stat.S_ISGID | 0x1EDu, 0)]
    [InlineData(Stat.S_ISUID | 0x1EDu, 100)]
    public void An_item_that_holds_a_set_id_file_is_refused(uint mode, int files)
    {
        Folder(files);
        Drop.Chmod(Path.Combine(ItemPath, "sub", "a"), mode);
        RefusedAsItWas($"{ItemPath}/sub/a is a set-uid or set-gid file");
    }

    [Fact]
    public void An_item_that_is_a_set_id_file_is_refused()
    {
        _harness.StageFile(_name, "x");
        Drop.Chmod(ItemPath, Stat.S_ISUID | 0x1ED);
        RefusedAsItWas("set-uid or set-gid");
    }

    [Fact]
    public void A_set_gid_folder_is_a_folder()
    {
        Folder(0);
        Drop.Chmod(Path.Combine(ItemPath, "sub"), Stat.S_ISGID | 0x1ED);
        _harness.Mark(_name);
        Assert.True(_harness.WaitFor(_name).Succeeded);
    }

    [Fact]
    public void Symbolic_links_in_an_item_go_live_as_links_and_are_never_followed()
    {
        using var elsewhere = new TempFolder();
        string outside = elsewhere.Write("outside", "not yours");
        string before = Drop.Snapshot(elsewhere.Path);
        Folder(100);
        (string Link, string To)[] links =
            [("inside", "sub/a"), ("up", "../../../../etc"), ("absolute", outside), ("folder", elsewhere.Path), ("nowhere", "no/such"), ("itself", "itself")];
        foreach ((string link, string to) in links)
            File.CreateSymbolicLink(Path.Combine(ItemPath, link), to);
        _harness.Mark(_name);

        Assert.True(_harness.WaitFor(_name).Succeeded);

        Assert.All(links, link => Assert.Equal(link.To, new FileInfo(Path.Combine(_harness.Live(_name), link.Link)).LinkTarget));
        Assert.Equal(before, Drop.Snapshot(elsewhere.Path));
        // And the version that they are in is replaced and collected without following them.
        Assert.Equal(2, _harness.PublishFolder(_name, "x").Version);
        Assert.Equal(before, Drop.Snapshot(elsewhere.Path));
    }

    [Fact]
    public void An_item_that_is_a_mount_point_is_refused()
    {
        using var mounted = new Mounted(ItemPath);
        string before = Drop.Snapshot(ItemPath);
        _harness.Mark(_name);

        _harness.Refused(_name, Reason.ItemUnsupported, $"{ItemPath} is a mount point");

        Assert.Equal(before, Drop.Snapshot(ItemPath));
        _harness.StillServes();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void An_item_that_holds_a_mount_point_is_put_back_with_it(int files)
    {
        Folder(files);
        using var mounted = new Mounted(Path.Combine(ItemPath, "sub", "mnt"));
        string before = Drop.Snapshot(ItemPath);
        _harness.Mark(_name);

        _harness.Refused(_name, Reason.ItemUnsupported, $"{ItemPath}/sub/mnt is a mount point");

        Assert.Equal(before, Drop.Snapshot(ItemPath));
        _harness.StillServes();
    }

    [Fact]
    public async Task A_hard_link_from_outside_is_refused_where_owner_or_mode_would_change()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { FileMode = 0x1A4 }).StartAsync();
        string[] outside = [Path.Combine(harness.Root, "outside 1"), Path.Combine(harness.Root, "outside 2")];
        foreach (string path in outside)
        {
            File.WriteAllText(path, "not yours");
            Drop.Chmod(path, 0x180);
        }
        Drop.HardLink(outside[0], harness.Staged("file"));
        harness.StageFolder("folder", ("a", "1"));
        Drop.HardLink(outside[1], harness.Staged("folder/b"));
        string before = Drop.Snapshot(harness.Staged("folder"));
        harness.Mark("file");
        harness.Mark("folder");

        harness.Refused("file", Reason.ItemUnsupported, $"{harness.Staged("file")} is a file that has hard links outside of its item");
        harness.Refused("folder", Reason.ItemUnsupported, $"{harness.Staged("folder/b")} is a file that has hard links outside of its item");

        Assert.All(outside, path => Assert.Equal(0x180u, Drop.StatusOf(path).Permissions));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("folder")));
        harness.StillServes();
    }

    [Fact]
    public async Task A_hard_link_from_outside_is_refused_where_others_may_stage()
    {
        Assert.SkipUnless(Native.IsRoot, "the rule is for a daemon with rights over the files of others");
        await using EngineHarness harness = new EngineHarness();
        Drop.Chmod(harness.Staging, 0x1FF);
        await harness.StartAsync();
        string outside = Path.Combine(harness.Root, "outside");
        File.WriteAllText(outside, "not yours");
        Drop.HardLink(outside, harness.Staged("file"));
        harness.Mark("file");

        harness.Refused("file", Reason.ItemUnsupported, "hard links outside");
        Assert.Equal(2u, Drop.StatusOf(outside).Links);
        harness.StillServes();
    }

    [Fact]
    public void A_hard_link_is_taken_where_nothing_of_it_changes()
    {
        string outside = Path.Combine(_harness.Root, _name + "-outside");
        File.WriteAllText(outside, "x");
        Folder(0);
        Drop.HardLink(outside, Path.Combine(ItemPath, "b"));
        Drop.HardLink(Path.Combine(ItemPath, "sub", "a"), Path.Combine(ItemPath, "c"));
        string before = Drop.Snapshot(outside);
        _harness.Mark(_name);

        Assert.True(_harness.WaitFor(_name).Succeeded);
        Assert.Equal(before, Drop.Snapshot(outside));
        Assert.Equal(Drop.StatusOf(outside).Inode, Drop.StatusOf(_harness.Live(_name) + "/b").Inode);
    }

    [Fact]
    public async Task Hard_links_within_an_item_are_taken_where_owner_and_mode_change()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { FileMode = 0x124 }).StartAsync();
        harness.StageFolder("folder", ("a", "1"));
        Drop.HardLink(harness.Staged("folder/a"), harness.Staged("folder/b"));
        harness.Mark("folder");

        Assert.True(harness.WaitFor("folder").Succeeded);
        Assert.Equal(0x124u, Drop.StatusOf(harness.Live("folder/b")).Permissions);
    }

    [Fact]
    public async Task A_hundred_thousand_files_go_live()
    {
        const int Folders = 100, Files = 1_000;
        using var memory = Directory.Exists("/dev/shm") ? new TempFolder("/dev/shm") : new TempFolder();
        await using EngineHarness harness = await new EngineHarness(memory.Path).StartAsync();
        for (int folder = 0; folder < Folders; folder++)
        {
            string path = Directory.CreateDirectory(harness.Staged($"many/{folder}")).FullName;
            using Fd at = TempFolder.OpenFolder(path);
            for (int file = 0; file < Files; file++)
                Assert.Equal(Errno.None, Stat.MknodAt(at, Name.Of($"{file}"), Stat.S_IFREG | 0x1A4, 0));
        }
        harness.Mark("many");

        Receipt receipt = harness.WaitFor("many", TimeSpan.FromSeconds(60));

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(Folders * Files, receipt.Json.GetProperty("files").GetInt64());
        Assert.Equal(Files, Directory.EnumerateFiles(harness.Live("many/99")).Count());
    }

    [Fact]
    public void A_tree_of_a_thousand_levels_goes_live_and_a_deeper_one_is_put_back()
    {
        Directory.CreateDirectory(ItemPath);
        Item.MakeDeep(ItemPath, 1_000);
        _harness.Mark(_name);
        Assert.True(_harness.WaitFor(_name).Succeeded);

        Directory.CreateDirectory(ItemPath);
        Item.MakeDeep(ItemPath, 1_001);
        Drop.Chmod(ItemPath, 0x1C0);
        FileStatus before = Drop.StatusOf(ItemPath);
        _harness.Mark(_name);

        _harness.Refused(_name, Reason.ItemUnsupported, "1,000 levels");

        Assert.Equal(before.Inode, Drop.StatusOf(ItemPath).Inode);
        Assert.Equal(before.Mode, Drop.StatusOf(ItemPath).Mode);
        Assert.True(File.Exists(ItemPath + string.Concat(Enumerable.Repeat("/d", 1_001)) + "/leaf"));
        _harness.StillServes();
    }

    /// <summary>With so many files beside it that the first look does not reach all of them.</summary>
    private void Folder(int files)
    {
        _harness.StageFolder(_name, ("sub/a", "1"), ("z/z", "1"));
        for (int i = 0; i < files; i++)
            File.WriteAllText(Path.Combine(ItemPath, "z", $"{i}"), "");
    }

    private void RefusedAsItWas(string problem)
    {
        string before = Drop.Snapshot(ItemPath);
        _harness.Mark(_name);

        Receipt receipt = _harness.Refused(_name, Reason.ItemUnsupported, problem);

        Assert.Contains(ItemPath, receipt.Message, StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(ItemPath));
        Assert.False(EngineHarness.ExistsNoFollow(_harness.Live(_name)));
        _harness.StillServes();
    }

    /// <summary>A file system in memory, mounted on a folder of that path.</summary>
    private sealed class Mounted : IDisposable
    {
        private readonly string _path;

        public Mounted(string path)
        {
            Assert.SkipUnless(Native.IsRoot, "needs root to mount");
            _path = Directory.CreateDirectory(path).FullName;
            Command.Run("mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", path).Check();
            File.WriteAllText(Path.Combine(path, "on the other disk"), "x");
        }

        public void Dispose() => Mounts.Unmount(_path);
    }
}
