using AtomikD.Support;
using Xunit;

namespace AtomikD.Booted;

/// <summary>What hosts do to a service: read-only roots, restarts, disks that go, removal.</summary>
public sealed class HostTests : IDisposable
{
    private readonly Machine _machine;
    private readonly Service _service;

    public HostTests(Machine machine)
    {
        machine.Need();
        _machine = machine;
        _service = new Service(machine).Fresh();
    }

    public void Dispose() => _machine.Sh("systemctl stop atomikd.service atomikd.socket");

    [Fact]
    public void A_host_with_a_read_only_root_is_served()
    {
        _machine.Run("systemctl", "stop", "atomikd.service", "atomikd.socket").Check();
        using Nspawn host = _machine.BootReadOnly();
        Assert.False(host.Run("touch", "/etc/x").Succeeded);
        Assert.False(host.Run("touch", "/usr/x").Succeeded);
        host.Run("sh", "-euc", "install -d -o deploy -g deploy /srv/site/staging; install -d /srv/site/live; systemctl restart atomikd; cd /srv/site/staging; echo one > item; : > item.ready").Check();
        Eventually.True(() => host.Run("test", "-e", "/srv/site/staging/item.done").Succeeded, "it is committed");
        Assert.Equal("one\n", host.Run("cat", "/srv/site/live/item").Output);
        Eventually.True(() => host.Run("systemctl", "show", "--property=StatusText", "atomikd").Output.Contains("Serving 1 route; 0 waiting; last commit", StringComparison.Ordinal), "the status tells of it");
    }

    [Fact]
    public void The_socket_and_its_folder_outlive_restarts()
    {
        string Inodes() => _machine.Sh("stat -c '%i %a %U' /run/atomikd /run/atomikd/atomikd.sock").Check();
        string before = Inodes();
        Assert.EndsWith(" 660 atomikd", before);
        _machine.Sh("systemctl restart atomikd; systemctl stop atomikd.service").Check();
        Assert.Equal(before, Inodes());
    }

    [Fact]
    public void A_disk_that_is_unmounted_takes_the_service_down_and_brings_it_back()
    {
        File.WriteAllText(_service["/etc/systemd/system/srv-disk.mount"], "[Mount]\nWhat=/var/disk\nWhere=/srv/disk\nType=none\nOptions=bind\n");
        try
        {
            _machine.Sh("""
                rm -rf /var/disk; install -d -o deploy /var/disk/staging; install -d /var/disk/live
                systemctl daemon-reload; systemctl start srv-disk.mount
                """).Check();
            _service.Configure("disk", "[Routes:disk]\nStaging = /srv/disk/staging\nTarget = /srv/disk/live\nOverwrite = always");
            _service.DropIn("disk", File.ReadAllText(_service["/usr/share/doc/atomikd/examples/systemd/disk.conf"]));
            _machine.Sh("systemctl --quiet add-wants srv-disk.mount atomikd.service; systemctl restart atomikd").Check();
            Drop("one");
            Assert.Equal(1, Outcome().GetProperty("version").GetInt64());

            // In use by the service, it is not unmounted by the way; by force it is, and the service must not go on.
            Assert.NotEqual(0, _machine.Run("umount", "/srv/disk").ExitCode);
            _machine.Run("umount", "--lazy", "/srv/disk").Check();
            Eventually.True(() => _service.State is "inactive", "the service stops with its disk", TimeSpan.FromMinutes(1));
            Assert.Empty(Directory.EnumerateFileSystemEntries(_service["/srv/disk"]));
            Drop("two"); // On the disk, where nobody serves it now.
            Assert.True(File.Exists(_service["/var/disk/staging/item.ready"]));

            _machine.Run("systemctl", "start", "srv-disk.mount").Check();
            _service.WaitActive();
            Assert.Equal(2, Outcome().GetProperty("version").GetInt64());
            Assert.Equal("two\n", File.ReadAllText(_service["/var/disk/live/item"]));
        }
        finally
        {
            _machine.Sh("systemctl stop atomikd.service atomikd.socket srv-disk.mount; rm -rf /etc/systemd/system/srv-disk.mount* /srv/disk; systemctl daemon-reload").Check();
        }

        void Drop(string text) => _machine.As("deploy", $"echo {text} > /var/disk/staging/item; : > /var/disk/staging/item.ready").Check();
        System.Text.Json.JsonElement Outcome() => _service.Outcome("item", "/var/disk/staging");
    }

    [Fact]
    public void Removal_stops_it_and_keeps_what_is_yours_and_a_purge_takes_the_journal()
    {
        _service.Publish("deploy", "022", "app", "one");
        _machine.Run("dpkg", "--remove", "atomikd").Check();
        Assert.NotEqual(0, _machine.Run("systemctl", "is-active", "atomikd.service", "atomikd.socket").ExitCode);
        Assert.False(File.Exists(_service["/usr/bin/atomikd"]));
        Assert.True(File.Exists(_service["/etc/atomikd/atomikd.conf"]));
        Assert.True(File.Exists(_service["/var/lib/atomikd/journal.db"]));

        // Installed again, it goes on where it was.
        _service.Install(_machine.Packages.First);
        _service.WaitActive();
        Assert.Equal(2, _service.Publish("deploy", "022", "app", "two").GetProperty("version").GetInt64());

        _machine.Run("dpkg", "--purge", "atomikd").Check();
        Assert.False(Directory.Exists(_service["/var/lib/atomikd"]));
        Assert.False(File.Exists(_service["/etc/atomikd/atomikd.conf"]));
        Assert.Equal("", _machine.Sh("systemctl list-unit-files --no-legend 'atomikd*' || true").Check());
        Assert.Equal("two", _service.Live("app"));
    }
}
