using AtomikD.Support;
using Xunit;

namespace AtomikD.Booted;

/// <summary>Restarts, crashes and upgrades while callers and producers go on.</summary>
public sealed class UnderLoadTests : IDisposable
{
    private readonly Machine _machine;
    private readonly Service _service;

    public UnderLoadTests(Machine machine)
    {
        machine.Need();
        _machine = machine;
        _service = new Service(machine).Fresh();
    }

    public void Dispose() => _machine.Sh("systemctl stop atomikd.service atomikd.socket");

    [Fact]
    public async Task No_call_fails_while_the_service_restarts()
    {
        await using var load = new Load(_machine);
        load.WaitForMore(200);
        string position = _service.LogPosition();
        for (int i = 0; i < 3; i++)
        {
            _machine.Run("systemctl", "restart", "atomikd").Check();
            load.WaitForMore(200);
        }
        await load.StopAsync();
        load.AssertNoneFailed();
        AssertOrderly(position);
    }

    [Fact]
    public async Task A_backup_is_made_in_the_sandbox_while_callers_commit_and_is_put_back_as_the_documents_say()
    {
        await using var load = new Load(_machine);
        load.WaitForMore(200);
        string position = _service.LogPosition();
        _machine.Sh(Documented("## Backup")).Check();
        CommandResult refused = _machine.As("other", "atomikd backup /tmp/other.db");
        Assert.Equal(77, refused.ExitCode);
        load.WaitForMore(200);
        await load.StopAsync();
        load.AssertNoneFailed();
        Assert.Contains(_service.LogSince(position), line => line.Text.Contains("The journal was backed up", StringComparison.Ordinal));
        Assert.False(File.Exists(_service["/var/lib/atomikd/copy"]));
        _machine.Sh(Documented("**To put it back**")).Check();
        _service.WaitActive();
        // An older journal: what is live stays, and the next number is one that was never given.
        string live = _machine.Sh("cat /srv/site/live/load-0").Check();
        long next = _service.Publish("deploy", "022", "load-0-after", "after").GetProperty("version").GetInt64();
        Assert.Equal(1, next);
        Assert.Equal(live, _machine.Sh("cat /srv/site/live/load-0").Check());
        _machine.As("deploy", "rm -rf /srv/site/staging/load-0; echo new > /srv/site/staging/load-0; : > /srv/site/staging/load-0.ready").Check();
        Assert.Equal(long.Parse(live, System.Globalization.CultureInfo.InvariantCulture) + 2, _service.Outcome("load-0").GetProperty("version").GetInt64());
    }

    /// <summary>The first shell lines that docs/operations.md has below these words.</summary>
    private static string Documented(string below)
    {
        string text = new Demo.Document("docs/operations.md").Text;
        string after = text[text.IndexOf(below, StringComparison.Ordinal)..];
        string block = after[(after.IndexOf("```sh\n", StringComparison.Ordinal) + 6)..];
        return block[..block.IndexOf("```", StringComparison.Ordinal)];
    }

    [Fact]
    public async Task No_call_fails_while_the_service_is_stopped_and_the_next_call_starts_it()
    {
        await using var load = new Load(_machine);
        load.WaitForMore(200);
        int before = _service.MainPid;
        string position = _service.LogPosition();
        _machine.Run("systemctl", "stop", "atomikd.service").Check();
        load.WaitForMore(200);
        await load.StopAsync();
        load.AssertNoneFailed();
        Assert.NotEqual(before, _service.MainPid);
        AssertOrderly(position);
    }

    [Fact]
    public async Task No_call_fails_while_the_package_is_upgraded()
    {
        string package = _machine.Packages.Second;
        await using var load = new Load(_machine);
        load.WaitForMore(200);
        int before = _service.MainPid;
        _service.Install(package);
        load.WaitForMore(200);
        await load.StopAsync();
        load.AssertNoneFailed();
        Assert.NotEqual(before, _service.MainPid);
        Assert.EndsWith("+next", _machine.Sh("dpkg-query --show --showformat='${Version}' atomikd").Check());
    }

    [Fact]
    public void Markers_that_come_while_nothing_runs_are_served_at_the_next_start()
    {
        _machine.Run("systemctl", "stop", "atomikd.service", "atomikd.socket").Check();
        _machine.As("deploy", "cd /srv/site/staging; for i in 1 2 3 4 5 6 7 8 9; do echo $i > item-$i; : > item-$i.ready; done").Check();
        _machine.Run("systemctl", "start", "atomikd.service").Check();
        for (int i = 1; i <= 9; i++)
            Assert.Equal(1, _service.Outcome($"item-{i}").GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task After_a_kill_it_is_back_by_itself_and_what_was_in_flight_is_committed_once()
    {
        _machine.As("deploy", "head -c 150M /dev/urandom > /srv/site/staging/big; head -c 150M /dev/urandom > /srv/site/staging/called").Check();
        string sum = _machine.Sh("sha256sum < /srv/site/staging/big").Check();
        int before = _service.MainPid;
        using System.Diagnostics.Process call = _machine.Start("atomikctl", "commit", "site", "called");
        _machine.As("deploy", ": > /srv/site/staging/big.ready").Check();
        Eventually.True(() => !File.Exists(_service["/srv/site/staging/big"]), "the item is claimed", TimeSpan.FromSeconds(30));
        _machine.Sh($"kill -KILL {before}").Check();
        Assert.Equal(1, _service.Outcome("big").GetProperty("version").GetInt64());
        Assert.Equal(sum, _machine.Sh("sha256sum < /srv/site/live/big").Check());
        await call.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(call.ExitCode == 0, await call.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal("1", _service.Property("NRestarts"));
        Assert.NotEqual(before, _service.MainPid);
        Assert.Equal("1\n1", _machine.Sh("for n in big called; do atomikctl versions site $n --json | grep -o '\"version\":[0-9]*' | grep -o '[0-9]*$'; done").Check());
    }

    [Fact]
    public void A_service_that_gives_no_sign_of_life_is_restarted()
    {
        _service.DropIn("watchdog", "[Service]\nWatchdogSec=4s\nLimitCORE=0");
        _machine.Run("systemctl", "restart", "atomikd").Check();
        // Well for longer than the watchdog waits.
        int before = _service.MainPid;
        string first = _service.Property("WatchdogTimestampMonotonic");
        Eventually.True(() => long.Parse(_service.Property("WatchdogTimestampMonotonic")) - long.Parse(first) > 5_000_000, "signs of life come", TimeSpan.FromSeconds(60));
        Assert.Equal(before, _service.MainPid);
        string position = _service.LogPosition();
        _machine.Sh($"kill -STOP {before}").Check();
        Eventually.True(() => _service.MainPid is var now && now != 0 && now != before && _service.State == "active", "systemd starts it again", TimeSpan.FromMinutes(2));
        Assert.Contains(_service.LogSince(position), line => line.Text.Contains("Watchdog timeout", StringComparison.Ordinal));
        Assert.Equal(1, _service.Publish("deploy", "022", "app", "one").GetProperty("version").GetInt64());
    }

    /// <summary>Each stop ended with exit code 0, by itself.</summary>
    private void AssertOrderly(string position)
    {
        IReadOnlyList<(int Priority, string Text, string By)> log = _service.LogSince(position);
        Assert.Contains(log, line => line.Text.Contains("Deactivated successfully", StringComparison.Ordinal));
        Assert.DoesNotContain(log, line => line.Text.Contains("exited, code=", StringComparison.Ordinal) || line.Text.Contains("timed out", StringComparison.Ordinal));
        Assert.DoesNotContain(log, line => line.Priority <= 3);
    }
}
