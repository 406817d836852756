using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Staging and target on different file systems, or mounts of one.</summary>
public sealed class CrossDeviceDropTests : IDisposable
{
    private readonly TempFolder _memory;

    public CrossDeviceDropTests()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "no /dev/shm here");
        _memory = new TempFolder("/dev/shm");
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public async Task Where_that_is_refused_both_devices_are_named_and_nothing_is_touched()
    {
        await using EngineHarness harness = Apart(CrossDevicePolicy.Refuse);
        harness.StageFile("site", "1");
        string before = Drop.Snapshot(harness.Staged("site"));
        harness.Mark("site");
        await harness.StartAsync();

        Assert.NotNull(harness.Route.Trouble);
        Assert.Contains("two file systems", harness.Route.Trouble, StringComparison.Ordinal);
        Assert.Contains(DeviceOf(harness.Staging), harness.Route.Trouble, StringComparison.Ordinal);
        Assert.Contains(DeviceOf(harness.Target), harness.Route.Trouble, StringComparison.Ordinal);
        LogRecord report = harness.Log.WaitFor("RouteUnhealthy");
        Assert.Contains("CrossDevice = copy", report.Message, StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        Assert.True(File.Exists(harness.Staged("site.ready")));
        harness.Log.AssertNoUnexpectedErrors();
    }

    [Fact]
    public async Task A_file_is_copied_with_all_that_belongs_to_it()
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy).StartAsync();
        harness.StageFile("report", "text");
        string item = harness.Staged("report");
        bool hasAttribute = SetAttribute(item);
        File.SetLastWriteTimeUtc(item, new DateTime(2020, 2, 2, 2, 2, 2, DateTimeKind.Utc));
        Drop.Chmod(item, 0x1A0);
        harness.Mark("report", "{\"labels\":{\"a\":\"b\"}}");

        Receipt receipt = harness.WaitFor("report");

        Assert.True(receipt.Succeeded, receipt.ToString());
        string live = harness.Live("report");
        Assert.Equal("text", File.ReadAllText(live));
        Assert.Equal(0x1A0u, Drop.StatusOf(live).Permissions);
        Assert.Equal(new DateTime(2020, 2, 2, 2, 2, 2, DateTimeKind.Utc), File.GetLastWriteTimeUtc(live));
        Assert.Equal(hasAttribute, HasAttribute(live));
        NothingIsLeft(harness);
        harness.StillServes();
    }

    [Fact]
    public async Task A_folder_is_copied_with_links_and_holes_and_its_source_is_removed()
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy).StartAsync();
        harness.StageFolder("site", ("a", "1"), ("sub/b", "2"), ("sub/deep/c", "3"));
        string item = harness.Staged("site");
        Directory.CreateDirectory(item + "/empty");
        Drop.Chmod(item + "/empty", 0x1C0);
        Drop.HardLink(item + "/a", item + "/sub/a again");
        File.CreateSymbolicLink(item + "/to", "sub/b");
        File.CreateSymbolicLink(item + "/out", "/etc/passwd");
        using (FileStream holes = File.Create(item + "/holes"))
        {
            holes.SetLength(64 << 20);
            holes.Position = 32 << 20;
            holes.Write("middle"u8);
        }
        bool hasAttribute = SetAttribute(item + "/a");
        harness.Mark("site");

        Receipt receipt = harness.WaitFor("site");

        Assert.True(receipt.Succeeded, receipt.ToString());
        string live = harness.Live("site");
        Assert.Equal("3", File.ReadAllText(live + "/sub/deep/c"));
        Assert.Equal(0x1C0u, Drop.StatusOf(live + "/empty").Permissions);
        Assert.Equal(Drop.StatusOf(live + "/a").Inode, Drop.StatusOf(live + "/sub/a again").Inode);
        Assert.Equal("sub/b", new FileInfo(live + "/to").LinkTarget);
        Assert.Equal("/etc/passwd", new FileInfo(live + "/out").LinkTarget);
        Assert.Equal(64 << 20, Drop.StatusOf(live + "/holes").Size);
        Assert.InRange(Drop.StatusOf(live + "/holes").Blocks, 1, 1024);
        Assert.Equal(hasAttribute, HasAttribute(live + "/a"));
        NothingIsLeft(harness);
        Assert.Equal(2, harness.PublishFolder("site", "again").Version);
        NothingIsLeft(harness);
    }

    [Fact]
    public async Task What_would_not_fit_is_refused_before_the_first_byte()
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy, route => route with { MinFree = long.MaxValue / 2 }).StartAsync();
        harness.StageFolder("site", ("a", "1"));
        string before = Drop.Snapshot(harness.Staged("site"));
        harness.Mark("site");

        harness.Refused("site", Reason.NoSpace, harness.Staged("site"), "MinFree");

        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        NothingIsLeft(harness);
        harness.Log.AssertNoUnexpectedErrors();
    }

    [Fact]
    public async Task A_target_that_appears_while_the_item_is_copied_leaves_no_copy_behind()
    {
        var gate = new PublishGate();
        await using EngineHarness harness = Apart(CrossDevicePolicy.Copy, route => route with { Overwrite = OverwritePolicy.OnRequest });
        harness.Options = new EngineOptions { Step = gate.At };
        await harness.StartAsync();
        using PublishGate closed = gate.Close(harness);
        string before = PublishGate.Claim(harness, "site");
        Eventually.True(() => harness.Slots().Length == 1, "it is copied");
        File.WriteAllText(harness.Live("site"), "a stranger's");
        gate.Open();

        harness.Refused("site", Reason.TargetExists, harness.Live("site"));

        Assert.Equal("a stranger's", File.ReadAllText(harness.Live("site")));
        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        Assert.Empty(harness.Slots());
        NothingIsLeft(harness);
        harness.StillServes();
    }

    [Fact]
    public async Task A_copy_with_the_wrong_sum_is_dropped_and_the_item_put_back()
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy, route => route with { FileMode = 0x124 }).StartAsync();
        harness.StageFile("site", "1");
        string before = Drop.Snapshot(harness.Staged("site"));
        harness.Mark("site", $"{{\"sha256\":\"{new string('0', 64)}\"}}");

        harness.Refused("site", Reason.ChecksumMismatch, harness.Staged("site"));

        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        NothingIsLeft(harness);
        harness.StillServes();
    }

    [Theory]
    [InlineData(Stat.S_IFIFO)]
    [InlineData(Stat.S_IFSOCK)]
    public async Task What_cannot_be_copied_is_refused_and_put_back(uint type)
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy).StartAsync();
        harness.StageFolder("site", ("a", "1"));
        Drop.MakeNode(harness.Staged("site/node"), type);
        string before = Drop.Snapshot(harness.Staged("site"));
        harness.Mark("site");

        harness.Refused("site", Reason.ItemUnsupported, $"{harness.Staged("site")}/node");

        Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
        NothingIsLeft(harness);
        harness.StillServes();
    }

    [Fact]
    public async Task A_hard_link_from_outside_is_never_copied_out()
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy).StartAsync();
        string outside = _memory.Write("outside", "not yours");
        Drop.HardLink(outside, harness.Staged("site"));
        harness.Mark("site");

        harness.Refused("site", Reason.ItemUnsupported, "hard links outside");
        harness.StillServes();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public async Task An_item_with_a_file_open_for_writing_is_copied_once_it_is_closed(int others)
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy).StartAsync();
        harness.StageFolder("site", ("a", "1"), ("z/open", "1"));
        for (int i = 0; i < others; i++)
            File.WriteAllText(harness.Staged($"site/z/{i}"), "");
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("site/z/open")))
        {
            harness.Mark("site");
            Eventually.True(() => harness.Engine.Lanes[0].Room.ParkedCount > 0, "the request waits");
        }

        Receipt receipt = harness.WaitFor("site");
        Assert.True(receipt.Succeeded, receipt.ToString());
        NothingIsLeft(harness);
    }

    [Theory]
    [InlineData(".done")]
    [InlineData(".failed")]
    public async Task A_folder_planted_at_a_receipts_place_is_kept_in_the_daemons_folder_in_staging(string place)
    {
        await using EngineHarness harness = await Apart(CrossDevicePolicy.Copy).StartAsync();
        Directory.CreateDirectory(harness.Staged("site" + place));
        File.WriteAllText(harness.Staged($"site{place}/work"), "of years");

        Assert.True(harness.Publish("site", "1").Succeeded);

        string kept = Assert.Single(Directory.EnumerateDirectories(harness.Staged(".atomikd")));
        Assert.EndsWith($"~site{place}", kept, StringComparison.Ordinal);
        Assert.Equal("of years", File.ReadAllText(Path.Combine(kept, "work")));
        await harness.RestartAsync();
        Assert.Equal("of years", File.ReadAllText(Path.Combine(kept, "work")));
        harness.StillServes();
    }

    [Fact]
    public async Task Two_mounts_of_one_file_system_are_apart_too()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        using var root = new TempFolder();
        string staging = root.MakeFolder("staging");
        string target = root.MakeFolder("live");
        Command.Run("mount", "--bind", staging, staging).Check();
        try
        {
            Assert.Equal(Drop.StatusOf(target).Device, Drop.StatusOf(staging).Device);
            await using (EngineHarness refusing = await new EngineHarness(root.Path).StartAsync())
            {
                Assert.NotNull(refusing.Route.Trouble);
                Assert.Contains("two mounts of one file system", refusing.Route.Trouble, StringComparison.Ordinal);
                Assert.Contains(staging, refusing.Route.Trouble, StringComparison.Ordinal);
            }
            await using EngineHarness copying = await new EngineHarness(root.Path, route => route with { CrossDevice = CrossDevicePolicy.Copy }).StartAsync();
            copying.StageFolder("site", ("a", "1"));
            copying.Mark("site");
            Assert.True(copying.WaitFor("site").Succeeded);
            NothingIsLeft(copying);
            copying.StillServes();
        }
        finally
        {
            Mounts.Unmount(staging);
        }
    }

    private EngineHarness Apart(CrossDevicePolicy policy, Func<RouteSettings, RouteSettings>? more = null) => new(configure: route =>
    {
        route = route with { Staging = _memory.MakeFolder("staging"), CrossDevice = policy };
        return more?.Invoke(route) ?? route;
    });

    private static string DeviceOf(string path)
    {
        ulong device = Drop.StatusOf(path).Device;
        return $"{device >> 32}:{device & 0xFFFF_FFFF}";
    }

    /// <summary>Neither of the source nor of the copy.</summary>
    private static void NothingIsLeft(EngineHarness harness)
    {
        Eventually.True(() => !Directory.EnumerateFileSystemEntries(harness.Staged(".atomikd")).Any(), "the claimed source goes");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(harness.VaultPath, "copy")));
    }

    private static bool SetAttribute(string path)
    {
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY, 0, out Fd file));
        using (file)
            return SysXattr.FSetxattr(file, Name.Of("user.test"), "kept"u8) == Errno.None;
    }

    private static bool HasAttribute(string path)
    {
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY, 0, out Fd file));
        using (file)
            return SysXattr.FGetxattr(file, Name.Of("user.test"), out byte[] value) == Errno.None && value.AsSpan().SequenceEqual("kept"u8);
    }
}
