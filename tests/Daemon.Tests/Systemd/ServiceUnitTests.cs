using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Routes;
using Xunit;

namespace AtomikD.Systemd;

/// <summary>What `atomikd check` in a shell makes of the unit. That systemd shows it like this, the tests in a booted machine prove.</summary>
public sealed class ServiceUnitTests
{
    private const string Shown = "LoadState=loaded\nMainPID=0\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\n";

    private static Finding Judge(string readWritePaths, string staging = "/srv/site/in", string target = "/srv/site/out", CrossDevicePolicy crossDevice = CrossDevicePolicy.Refuse, string? mounts = null) =>
        Assert.Single(new ServiceUnit($"{Shown}ReadWritePaths={readWritePaths}\n", mounts is null ? null : MountTable.Parse(mounts))
            .Judge(new RouteSettings { Name = "site", Staging = staging, Target = target, Vault = $"{target}/.atomikd", CrossDevice = crossDevice }));

    [Theory]
    [InlineData("-/srv/site")]
    [InlineData("/srv")]
    [InlineData("/var/other -/srv/site/")]
    public void One_path_that_holds_all_is_right(string paths) => Assert.Equal(Severity.Info, Judge(paths).Severity);

    [Theory]
    [InlineData("", "may not write in /srv/site/in")]
    [InlineData("/srv/sit", "may not write in /srv/site/in")]
    [InlineData("/srv/site/in", "may not write in /srv/site/out")]
    [InlineData("/srv/site/in /srv/site/out", "on different mounts, ReadWritePaths=/srv/site/in /srv/site/out,")]
    [InlineData("/srv/site /srv/site/out", "on different mounts, ReadWritePaths=/srv/site /srv/site/out,")]
    public void Paths_that_leave_one_out_or_split_them_are_errors(string paths, string told)
    {
        Finding finding = Judge(paths);
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains(told, finding.Message);
        Assert.EndsWith("ReadWritePaths=-/srv/site", finding.Hint);
    }

    [Fact]
    public void Split_folders_are_right_where_items_are_copied() =>
        Assert.Equal(Severity.Info, Judge("/srv/site/in /srv/site/out", crossDevice: CrossDevicePolicy.Copy).Severity);

    [Theory]
    [InlineData("/home/deploy/in", "/home/deploy/out", "ProtectHome=yes")]
    [InlineData("/var/tmp/in", "/var/tmp/out", "PrivateTmp=yes")]
    public void Hidden_folders_are_errors(string staging, string target, string told)
    {
        Finding finding = Judge("/home /var/tmp", staging, target);
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains(told, finding.Message);
    }

    [Theory]
    [InlineData("30 1 8:1 / / ro - ext4 /dev/sda1 rw", Severity.Warning)]
    [InlineData("30 1 8:1 / / ro - ext4 /dev/sda1 rw\n31 30 8:1 /srv/site /srv/site rw - ext4 /dev/sda1 rw", Severity.Info)]
    [InlineData("30 1 8:1 / / ro - ext4 /dev/sda1 rw\n31 30 8:1 /srv/site/in /srv/site/in rw - ext4 /dev/sda1 rw\n32 30 8:1 /srv/site/out /srv/site/out rw - ext4 /dev/sda1 rw", Severity.Warning)]
    public void A_running_service_that_sees_it_otherwise_needs_a_restart(string mounts, object severity) =>
        Assert.Equal((Severity)severity, Judge("/srv/site", mounts: mounts).Severity);
}
