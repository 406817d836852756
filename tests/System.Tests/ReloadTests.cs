using AtomikD.Support;
using Xunit;

namespace AtomikD.Booted;

/// <summary>`systemctl reload` and `atomikd check`: what is refused, and what one is told to do.</summary>
public sealed class ReloadTests : IDisposable
{
    private const string Blog = "[Routes:blog]\nStaging = /srv/blog/staging\nTarget = /srv/blog/live";

    private readonly Machine _machine;
    private readonly Service _service;

    public ReloadTests(Machine machine)
    {
        machine.Need();
        _machine = machine;
        _service = new Service(machine).Fresh();
        _machine.Sh("rm -rf /srv/blog; install -d -o deploy /srv/blog/staging; install -d /srv/blog/live").Check();
    }

    public void Dispose() => _machine.Sh("systemctl stop atomikd.service atomikd.socket");

    [Fact]
    public void Good_configuration_is_applied_without_a_restart()
    {
        int before = _service.MainPid;
        _service.Configure("site", "[Routes:site]\nStaging = /srv/site/staging\nTarget = /srv/site/live\nOverwrite = never");
        _machine.Run("systemctl", "reload", "atomikd").Check();
        Assert.Equal(before, _service.MainPid);
        _service.Publish("deploy", "022", "app", "one");
        Assert.Equal("TARGET_EXISTS", _service.Publish("deploy", "022", "app", "two").GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("[Routes:site]\nKepe = 1", "Did you mean Keep?")]
    [InlineData("[Daemon]\nHistoryKeepFor = 1d\nSocketMode = 0600", "needs a restart")]
    public void What_cannot_be_applied_fails_the_reload_and_the_last_good_one_stays(string text, string told)
    {
        string position = _service.LogPosition();
        _service.Configure("zz", text);
        CommandResult reload = _machine.Run("systemctl", "reload", "atomikd");
        Assert.NotEqual(0, reload.ExitCode);
        Assert.Equal("active", _service.State);
        Assert.Contains(_service.LogSince(position), line => line.Priority == 3 && line.Text.Contains(told, StringComparison.Ordinal));
        Assert.Equal(1, _service.Publish("deploy", "022", "app", "one").GetProperty("version").GetInt64());
    }

    [Fact]
    public void A_route_outside_of_the_units_paths_is_refused_with_the_drop_in_which_then_works()
    {
        _service.Configure("blog", Blog);
        string position = _service.LogPosition();
        Assert.False(_machine.Run("systemctl", "reload", "atomikd").Succeeded);
        IReadOnlyList<(int Priority, string Text, string By)> log = _service.LogSince(position);
        Assert.Contains(log, line => line.Text.Contains("/etc/systemd/system/atomikd.service.d/blog.conf", StringComparison.Ordinal));
        Assert.Contains(log, line => line.Text.Trim() == "ReadWritePaths=-/srv/blog");
        // Pasted, but a running service keeps the mounts that it has.
        _service.DropIn("blog", "[Service]\nReadWritePaths=-/srv/blog");
        Assert.False(_machine.Run("systemctl", "reload", "atomikd").Succeeded);
        Assert.Contains("does not see the folders as atomikd.service says now", _machine.Run("atomikd", "check").Output);
        _machine.Run("systemctl", "restart", "atomikd").Check();
        Assert.Equal("Serving 2 routes; 0 waiting; no commit yet", _service.Property("StatusText"));
        Assert.True(_machine.Run("systemctl", "reload", "atomikd").Succeeded);
    }

    [Fact]
    public void Check_in_a_shell_tells_that_the_service_may_not_write_there()
    {
        _service.Configure("blog", Blog);
        CommandResult check = _machine.Run("atomikd", "check");
        Assert.Equal(78, check.ExitCode);
        Assert.Contains("error    route blog: The service may not write in /srv/blog/staging", check.Error);
        Assert.Contains("    ReadWritePaths=-/srv/blog\n", check.Error);
    }

    [Fact]
    public void Check_in_a_shell_tells_that_two_paths_of_the_unit_split_the_route_and_so_they_do()
    {
        _service.DropIn("site", "[Service]\nReadWritePaths=/srv/site/staging /srv/site/live");
        _machine.Run("systemctl", "restart", "atomikd").Check();
        CommandResult check = _machine.Run("atomikd", "check");
        Assert.Equal(78, check.ExitCode);
        Assert.Contains("error    route site: The service sees the route's folders on different mounts, ReadWritePaths=/srv/site/staging /srv/site/live", check.Error);
        Assert.Contains("    ReadWritePaths=-/srv/site\n", check.Error);
        // The service finds the same by trying, and says the same.
        Assert.Equal("Serving 0 of 1 route, not site; 0 waiting; no commit yet", _service.Property("StatusText"));
    }

    [Fact]
    public void A_route_below_home_is_told_of_ProtectHome_and_works_with_the_drop_in()
    {
        _machine.Sh("rm -rf /home/deploy/web; install -d -o deploy /home/deploy/web/staging; install -d -o deploy /home/deploy/web/live").Check();
        _service.Configure("web", "[Routes:web]\nStaging = /home/deploy/web/staging\nTarget = /home/deploy/web/live");
        string position = _service.LogPosition();
        Assert.False(_machine.Run("systemctl", "reload", "atomikd").Succeeded);
        Assert.Contains(_service.LogSince(position), line => line.Text.Trim() == "ProtectHome=read-only");
        Assert.Contains("ProtectHome=yes", _machine.Run("atomikd", "check").Error);
        _service.DropIn("web", "[Service]\nProtectHome=read-only\nReadWritePaths=-/home/deploy/web");
        _machine.Run("systemctl", "restart", "atomikd").Check();
        Assert.StartsWith("Serving 2 routes;", _service.Property("StatusText"));
    }
}
