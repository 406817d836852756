using AtomikD.Support;
using Xunit;

namespace AtomikD.Booted;

/// <summary>From the package to commits: what an administrator and a producer do on the first day.</summary>
public sealed class ServiceTests : IDisposable
{
    private readonly Machine _machine;
    private readonly Service _service;

    public ServiceTests(Machine machine)
    {
        machine.Need();
        _machine = machine;
        _service = new Service(machine).Fresh();
    }

    public void Dispose() => _machine.Sh("systemctl stop atomikd.service atomikd.socket");

    [Fact]
    public void The_package_enables_the_service_and_its_socket_and_it_is_ready_with_a_status()
    {
        Assert.Equal("enabled\nenabled", _machine.Run("systemctl", "is-enabled", "atomikd.service", "atomikd.socket").Output.Trim());
        Assert.Equal("active", _service.State);
        Assert.Equal("Serving 1 route; 0 waiting; no commit yet", _service.Property("StatusText"));
        _service.Publish("deploy", "022", "app", "one");
        Eventually.True(() => _service.Property("StatusText").EndsWith(" UTC on site", StringComparison.Ordinal), "the status tells of the commit");
        Assert.StartsWith("Serving 1 route; 0 waiting; last commit 20", _service.Property("StatusText"));
    }

    [Theory]
    [InlineData("022", "755")]
    [InlineData("077", "700")]
    public void A_producer_of_another_user_publishes_whatever_its_umask(string umask, string mode)
    {
        Assert.Equal(1, _service.Publish("deploy", umask, "app", "one").GetProperty("version").GetInt64());
        Assert.Equal(2, _service.Publish("deploy", umask, "app", "two").GetProperty("version").GetInt64());
        Assert.Equal("two", _service.Live("app"));
        Assert.Equal($"deploy {mode}", _machine.Sh("stat -c '%U %a' /srv/site/live/app").Check());
        Assert.Equal("644", _machine.Sh("stat -c '%a' /srv/site/staging/app.done").Check());
    }

    [Fact]
    public void A_call_starts_the_service_by_its_socket()
    {
        _machine.Sh("gpasswd -a deploy atomikd; systemctl stop atomikd.service").Check();
        Assert.Equal("inactive", _service.State);
        CommandResult commit = _machine.As("deploy", "mkdir /srv/site/staging/app; echo one > /srv/site/staging/app/index.html; atomikctl commit site app");
        Assert.True(commit.Succeeded, commit.Error);
        Assert.Equal("one", _service.Live("app"));
        Assert.Equal("active", _service.State);
    }

    [Fact]
    public void Who_is_not_in_the_group_cannot_call_and_who_is_not_allowed_learns_of_no_route()
    {
        _service.Configure("site", "[Routes:site]\nStaging = /srv/site/staging\nTarget = /srv/site/live\nAllowUsers = deploy");
        _machine.Sh("chown root:root /srv/site/staging; chmod 1777 /srv/site/staging; systemctl reload atomikd; gpasswd -d other atomikd || true").Check();
        Assert.Equal(77, _machine.As("other", "atomikctl status").ExitCode);
        _machine.Sh("gpasswd -a other atomikd").Check();
        CommandResult commit = _machine.As("other", "echo x > /srv/site/staging/mine; atomikctl commit site mine");
        Assert.Equal(66, commit.ExitCode);
        Assert.Contains("ROUTE_NOT_FOUND", commit.Error);
        _machine.As("other", ": > /srv/site/staging/mine.ready").Check();
        Assert.Equal("NOT_PERMITTED", _service.Outcome("mine").GetProperty("reason").GetString());
        Assert.False(File.Exists(_service["/srv/site/live/mine"]));
        _machine.As("deploy", "echo x > /srv/site/staging/ours; : > /srv/site/staging/ours.ready").Check();
        Assert.Equal(1, _service.Outcome("ours").GetProperty("version").GetInt64());
    }

    [Fact]
    public void The_log_is_in_journald_with_its_priorities()
    {
        string position = _service.LogPosition();
        _service.Configure("gone", "[Routes:gone]\nStaging = /srv/site/gone\nTarget = /srv/site/gone-live");
        Assert.True(_machine.Run("systemctl", "reload", "atomikd").Succeeded);
        _service.Configure("gone", "[Routes:gone]\nNonsense = 1");
        Assert.False(_machine.Run("systemctl", "reload", "atomikd").Succeeded);
        IReadOnlyList<(int Priority, string Text, string By)> log = _service.LogSince(position);
        Assert.Contains(log, line => line is { Priority: 6, By: "atomikd" } && line.Text.Contains("Configuration reloaded", StringComparison.Ordinal));
        Assert.Contains(log, line => line is { Priority: 4, By: "atomikd" } && line.Text.Contains("Route gone takes no commits", StringComparison.Ordinal));
        Assert.Contains(log, line => line is { Priority: 3, By: "atomikd" } && line.Text.Contains("The new configuration is not applied", StringComparison.Ordinal));
        Assert.DoesNotContain(log, line => line.Text.StartsWith('<'));
    }

    [Fact]
    public void A_wrong_configuration_ends_with_78_and_is_not_tried_again()
    {
        _service.Configure("site", "[Routes:site]\nKepe = 1");
        string position = _service.LogPosition();
        Assert.False(_machine.Run("systemctl", "restart", "atomikd").Succeeded);
        Eventually.True(() => _service.State == "failed", "the service has failed", TimeSpan.FromSeconds(30));
        Assert.Equal("78", _service.Property("ExecMainStatus"));
        Assert.Equal("0", _service.Property("NRestarts"));
        Assert.Contains(_service.LogSince(position), line => line.Priority == 3 && line.Text.Contains("Did you mean Keep?", StringComparison.Ordinal));
    }

    [Fact]
    public void The_sandbox_is_as_tight_as_promised_and_the_units_are_clean()
    {
        Assert.Equal("", _machine.Run("systemd-analyze", "verify", "--man=no", "atomikd.service", "atomikd.socket").Check());
        Assert.InRange(Exposure(), 0, 1.6);
        string status = _machine.Sh($"cat /proc/{_service.MainPid}/status").Check();
        Assert.Contains("CapBnd:\t000000001000000a\n", status); // DAC_OVERRIDE, FOWNER, LEASE
        Assert.Contains("Seccomp:\t2\n", status);
        Assert.NotEqual(0, _machine.Sh($"nsenter --target {_service.MainPid} --mount touch /etc/atomikd/x").ExitCode);
    }

    [Fact]
    public void Without_capabilities_producers_of_the_services_group_are_served()
    {
        string text = File.ReadAllText(_service["/usr/share/doc/atomikd/examples/systemd/no-capabilities.conf"]).Replace("#SupplementaryGroups=deploy", "SupplementaryGroups=deploy", StringComparison.Ordinal);
        _service.DropIn("no-capabilities", text);
        _service.Configure("site", "[Routes:site]\nStaging = /srv/site/staging\nTarget = /srv/site/live\nOverwrite = always\nOpenFiles = ignore");
        _machine.Sh("chmod 2775 /srv/site/staging; chgrp deploy /srv/site/live; chmod 2775 /srv/site/live; systemctl restart atomikd").Check();
        Assert.InRange(Exposure(), 0, 1.3);
        Assert.Contains("CapEff:\t0000000000000000\n", _machine.Sh($"cat /proc/{_service.MainPid}/status").Check());
        Assert.Equal(1, _service.Publish("deploy", "002", "app", "one").GetProperty("version").GetInt64());
        Assert.Equal(2, _service.Publish("deploy", "002", "app", "two").GetProperty("version").GetInt64());
    }

    [Fact]
    public void With_the_drop_in_for_owners_items_are_given_away()
    {
        _service.DropIn("owner", File.ReadAllText(_service["/usr/share/doc/atomikd/examples/systemd/owner.conf"]));
        _service.Configure("site", "[Routes:site]\nStaging = /srv/site/staging\nTarget = /srv/site/live\nOverwrite = always\nOwner = other\nGroup = other\nFileMode = 0440\nDirectoryMode = 0550");
        _machine.Run("systemctl", "restart", "atomikd").Check();
        _service.Publish("deploy", "077", "app", "one");
        Assert.Equal("other other 550", _machine.Sh("stat -c '%U %G %a' /srv/site/live/app").Check());
    }

    [Fact]
    public void With_the_drop_in_for_set_gid_folders_they_go_live_with_the_bit()
    {
        _service.Configure("site", "[Routes:site]\nStaging = /srv/site/staging\nTarget = /srv/site/live\nOverwrite = always\nDirectoryMode = 2775\nFileMode = 0664");
        _service.DropIn("set-gid", File.ReadAllText(_service["/usr/share/doc/atomikd/examples/systemd/set-gid.conf"]));
        _machine.Run("systemctl", "restart", "atomikd").Check();
        _machine.As("deploy", "umask 022; mkdir -p /srv/site/staging/app/sub; echo one > /srv/site/staging/app/sub/file; : > /srv/site/staging/app.ready").Check();
        Assert.Equal(1, _service.Outcome("app").GetProperty("version").GetInt64());
        Assert.Equal("deploy 2775\ndeploy 2775\ndeploy 664", _machine.Sh("cd /srv/site/live; stat -c '%G %a' app app/sub app/sub/file").Check());
        Assert.Equal(2, _service.Publish("deploy", "077", "app", "two").GetProperty("version").GetInt64());
        Assert.Equal("deploy 2775", _machine.Sh("stat -c '%G %a' /srv/site/live/app").Check());
    }

    private double Exposure()
    {
        string last = _machine.Run("systemd-analyze", "security", "--no-pager", "atomikd.service").Output.Trim().Split('\n')[^1];
        return double.Parse(last.Split(": ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
