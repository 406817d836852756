using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Routes;
using Xunit;

namespace AtomikD.Systemd;

public sealed class UnitDropInTests
{
    private static RouteSettings Route(string staging, string target, string? vault = null) =>
        new() { Name = "site", Staging = staging, Target = target, Vault = vault ?? $"{target}/.atomikd" };

    [Theory]
    [InlineData("/srv/site/staging", "/srv/site/live", null, "/srv/site")]
    [InlineData("/srv/site/in", "/srv/site-live", null, "/srv")]
    [InlineData("/srv/a/in", "/srv/a/out", "/srv/vault", "/srv")]
    [InlineData("/data/in", "/srv/out", null, null)]
    public void The_path_holds_staging_target_and_vault(string staging, string target, string? vault, string? folder) =>
        Assert.Equal(folder, UnitDropIn.FolderOf(Route(staging, target, vault)));

    [Fact]
    public void The_drop_in_can_be_pasted() => Assert.Equal(
        """
        put this into /etc/systemd/system/atomikd.service.d/site.conf, then: systemctl daemon-reload && systemctl restart atomikd.service
            [Service]
            ReadWritePaths=-/srv/site
        """, UnitDropIn.For(Route("/srv/site/in", "/srv/site/out")));

    [Theory]
    [InlineData("/home/deploy/in", "ProtectHome=yes")]
    [InlineData("/tmp/in", "PrivateTmp=yes")]
    [InlineData("/root/in", "ProtectHome=yes")]
    [InlineData("/srv/in", null)]
    [InlineData("/homes/in", null)]
    public void What_the_unit_hides_is_seen_in_the_mounts(string path, string? hiding) => Assert.Equal(hiding, UnitDropIn.WhatHides(path, MountTable.Parse(
        """
        30 1 8:1 / / ro,relatime shared:1 - ext4 /dev/sda1 rw
        31 30 0:25 /systemd/inaccessible/dir /home ro,nosuid,nodev,noexec shared:2 - tmpfs tmpfs rw,mode=755
        33 30 0:45 /host/inaccessible/dir /root ro,nosuid,nodev,noexec shared:121 master:6 - tmpfs tmpfs rw,mode=755
        32 30 8:1 /tmp/systemd-private-4f-atomikd.service-x/tmp /tmp rw,relatime shared:3 - ext4 /dev/sda1 rw
        """)));
}
