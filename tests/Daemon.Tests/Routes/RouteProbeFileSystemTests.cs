using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Routes;

/// <summary>The probe on file systems of the test's own.</summary>
public sealed class RouteProbeFileSystemTests
{
    private static RouteSettings Route(string staging, string target) => new()
    {
        Name = "r",
        Staging = Directory.CreateDirectory(staging).FullName,
        Target = Directory.CreateDirectory(target).FullName,
        Vault = Path.Combine(target, ".atomikd"),
    };

    private static Finding Error(ProbeReport report, string message)
    {
        Finding finding = Assert.Single(report.Findings, f => f.Severity == Severity.Error);
        Assert.Contains(message, finding.Message);
        return finding;
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void Disks_are_healthy_and_durable(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        ProbeReport report = RouteProbe.Run(Route(disk["s"], disk["t"]));
        Assert.DoesNotContain(report.Findings, f => f.Severity != Severity.Info);
        Assert.True(report.Durable);
        Assert.Contains(report.Findings, f => f.Message == $"Staging and target are on {type}, mounted at {disk.Path}.");
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk["s"]).Concat(Directory.EnumerateFileSystemEntries(disk["t"])));
    }

    [Fact]
    public void Memory_is_not_durable_which_matters_to_full_routes()
    {
        using var mount = Mounted.OrSkip("tmpfs");
        RouteSettings route = Route(mount["s"], mount["t"]);
        ProbeReport full = RouteProbe.Run(route);
        Assert.True(full.Healthy);
        Assert.False(full.Durable);
        Assert.Contains("Durability = none", Assert.Single(full.Findings, f => f.Severity == Severity.Warning).Hint);
        ProbeReport none = RouteProbe.Run(route with { Durability = Durability.None });
        Assert.False(none.Durable);
        Assert.DoesNotContain(none.Findings, f => f.Severity == Severity.Warning);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(",volatile", false)]
    public void Overlay_works_and_is_durable_unless_volatile(string option, bool durable)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        foreach (string folder in new[] { "lower/s", "lower/t", "upper", "work", "m" })
            Directory.CreateDirectory(disk[folder]);
        CommandResult mounted = Command.Shell("mount -t overlay overlay -o \"lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work$2\" \"$1/m\"", disk.Path, option);
        Assert.SkipUnless(mounted.Succeeded, $"no overlay here: {mounted.Error}");
        ProbeReport report = RouteProbe.Run(Route(disk["m/s"], disk["m/t"]));
        Assert.True(report.Healthy, string.Join('\n', report.Findings));
        Assert.Equal(durable, report.Durable);
    }

    [Fact]
    public void Two_file_systems_need_copies()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var folder = new TempFolder();
        RouteSettings route = Route(folder["s"], disk["t"]);
        ProbeReport refused = RouteProbe.Run(route);
        Finding finding = Error(refused, "They are two file systems");
        Assert.Contains($"ext4, mounted at {disk.Path}", finding.Message);
        Assert.Contains("CrossDevice = copy", finding.Hint);
        Assert.False(refused.CrossDevice);

        ProbeReport copied = RouteProbe.Run(route with { CrossDevice = CrossDevicePolicy.Copy });
        Assert.True(copied.Healthy, string.Join('\n', copied.Findings));
        Assert.True(copied.CrossDevice);
        Assert.Empty(Directory.EnumerateFileSystemEntries(route.Staging));
        Assert.Empty(Directory.EnumerateFileSystemEntries(route.Target));
    }

    [Fact]
    public void A_stranger_in_place_of_the_daemons_folder_in_staging_is_refused()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var folder = new TempFolder();
        RouteSettings route = Route(folder["s"], disk["t"]) with { CrossDevice = CrossDevicePolicy.Copy };
        File.CreateSymbolicLink(folder["s/.atomikd"], "/tmp");
        Error(RouteProbe.Run(route), "is a symbolic link");
        File.Delete(folder["s/.atomikd"]);
        Directory.CreateDirectory(folder["s/.atomikd"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.True(RouteProbe.Run(route).Healthy);
    }

    [Fact]
    public void Two_mounts_of_one_file_system_are_told_with_the_line_to_paste()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        RouteSettings route = Route(disk["site/s"], disk["site/t"]);
        Command.Run("mount", "--bind", route.Staging, route.Staging).Check();
        Command.Run("mount", "--bind", route.Target, route.Target).Check();
        Finding finding = Error(RouteProbe.Run(route), "two mounts of one file system");
        Assert.Contains($"    [Service]\n    ReadWritePaths=-{disk["site"]}", finding.Hint);
        Assert.True(RouteProbe.Run(route with { CrossDevice = CrossDevicePolicy.Copy }).CrossDevice);
    }

    [Fact]
    public void Two_subvolumes_are_told_apart()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("btrfs");
        Command.Shell("btrfs subvolume create \"$1/a\" && btrfs subvolume create \"$1/b\"", disk.Path).Check();
        Error(RouteProbe.Run(Route(disk["a/s"], disk["b/t"])), "two subvolumes of one btrfs");
    }

    [Fact]
    public void The_vault_must_be_on_the_targets_mount()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        RouteSettings route = Route(disk["s"], disk["t"]) with { Vault = disk["v"] };
        Assert.True(RouteProbe.Run(route).Healthy);
        Command.Run("mount", "--bind", route.Target, route.Target).Check();
        Error(RouteProbe.Run(route), "is not on the mount of the target");
    }

    [Fact]
    public void A_read_only_file_system_is_told()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        RouteSettings route = Route(disk["s"], disk["t"]);
        disk.Remount(readOnly: true);
        ProbeReport report = RouteProbe.Run(route);
        Assert.Equal(2, report.Findings.Count(f => f.Severity == Severity.Error && f.Message.Contains("read-only", StringComparison.Ordinal)));
        Assert.All(report.Findings.Where(f => f.Severity == Severity.Error), f => Assert.Contains("ReadWritePaths=", f.Hint));
    }

    [Fact]
    public void A_full_disk_does_not_condemn_the_route()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        RouteSettings route = Route(disk["s"], disk["t"]);
        disk.Fill(0);
        Assert.True(RouteProbe.Run(route).Healthy);
    }

    [Fact]
    public void A_target_that_folds_case_is_refused()
    {
        Assert.SkipWhen(LoopDisk.WhyNot("ext4") is not null, LoopDisk.WhyNot("ext4") ?? "");
        using var folder = new TempFolder();
        CommandResult made = Command.Shell("truncate -s 16M \"$1/image\" && mkfs.ext4 -q -F -O casefold \"$1/image\" && mkdir \"$1/mnt\" && mount -o loop \"$1/image\" \"$1/mnt\"", folder.Path);
        Assert.SkipUnless(made.Succeeded, $"no ext4 with case folding here: {made.Error}");
        try
        {
            RouteSettings route = Route(folder["mnt/s"], folder["mnt/t"]);
            Assert.True(RouteProbe.Run(route).Healthy);
            CommandResult folded = Command.Run("chattr", "+F", route.Target);
            Assert.SkipUnless(folded.Succeeded, $"no case folding here: {folded.Error}");
            ProbeReport report = RouteProbe.Run(route);
            Error(report, "does not tell upper from lower case");
            Assert.True(report.FoldsCase);
        }
        finally
        {
            Mounts.Unmount(folder["mnt"]);
        }
    }

    [Theory]
    [InlineData(SysStatfsMagic.Nfs, true, true)]
    [InlineData(SysStatfsMagic.Cifs, true, true)]
    [InlineData(SysStatfsMagic.Fuse, true, false)]
    [InlineData(SysStatfsMagic.NineP, true, true)]
    [InlineData(SysStatfsMagic.Ceph, true, true)]
    [InlineData(SysStatfsMagic.Ext4, false, false)]
    public void File_systems_that_are_written_elsewhere_need_polling(long type, bool polling, bool network)
    {
        Assert.Equal(polling, RouteProbe.NeedsPollingFor(type));
        Assert.Equal(network, RouteProbe.IsNetwork(type));
    }

    private static class SysStatfsMagic
    {
        public const long Nfs = Linux.SysStatfs.NFS_SUPER_MAGIC;
        public const long Cifs = Linux.SysStatfs.CIFS_SUPER_MAGIC;
        public const long Fuse = Linux.SysStatfs.FUSE_SUPER_MAGIC;
        public const long NineP = Linux.SysStatfs.V9FS_MAGIC;
        public const long Ceph = Linux.SysStatfs.CEPH_SUPER_MAGIC;
        public const long Ext4 = Linux.SysStatfs.EXT4_SUPER_MAGIC;
    }
}

/// <summary>A mount without a device, in a folder of its own.</summary>
internal sealed class Mounted : IDisposable
{
    private readonly TempFolder _folder;

    private Mounted(TempFolder folder) => _folder = folder;

    public string Path => _folder.Path;

    public string this[string relative] => _folder[relative];

    public static Mounted OrSkip(string type)
    {
        var folder = new TempFolder();
        CommandResult result = Command.Run("mount", "-t", type, type, folder.Path);
        if (!result.Succeeded)
            folder.Dispose();
        Assert.SkipUnless(result.Succeeded, $"cannot mount {type} here: {result.Error}");
        return new Mounted(folder);
    }

    public void Dispose()
    {
        Mounts.Unmount(_folder.Path);
        _folder.Dispose();
    }
}
