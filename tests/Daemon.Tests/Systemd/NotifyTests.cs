using System.Diagnostics;
using System.Globalization;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Systemd;

/// <summary>What the service tells systemd, on a socket like systemd's, from start to stop.</summary>
public sealed class NotifyTests
{
    private static Dictionary<string, string> Environment(NotifySocket socket, string watchdog = "") => new()
    {
        ["NOTIFY_SOCKET"] = socket.Name,
        ["WATCHDOG_USEC"] = watchdog,
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_tells_of_start_commits_and_stop(bool isAbstract)
    {
        using var socket = new NotifySocket(isAbstract);
        using var daemon = new DaemonProcess(Environment(socket));
        socket.WaitFor("READY=1");
        Assert.True(socket.IndexOf("STATUS=Recovering") < socket.IndexOf("READY=1"));
        Assert.Contains("STATUS=Serving 1 route; 0 waiting; no commit yet", socket.Messages);
        daemon.Publish("item");
        socket.WaitFor(said => said.StartsWith("STATUS=Serving 1 route; 0 waiting; last commit 20", StringComparison.Ordinal), "the commit");
        Assert.DoesNotContain(socket.Messages, said => said.Contains("item", StringComparison.Ordinal));
        Assert.Equal(0, daemon.Stop());
        Assert.True(socket.IndexOf("STOPPING=1") > socket.IndexOf("READY=1"));
        Assert.DoesNotContain(socket.Messages, said => said.Contains("WATCHDOG", StringComparison.Ordinal));
        Assert.Contains("is served", await daemon.Output);
    }

    [Fact]
    public void One_who_does_not_listen_any_more_holds_up_neither_commits_nor_the_stop()
    {
        using var socket = new NotifySocket();
        socket.Fill();
        // Far more often than a second: were each sign of life to wait for its own, they would pile up.
        using var daemon = new DaemonProcess(Environment(socket, "200000"));
        for (int i = 0; i < 20; i++)
            daemon.Publish("item");
        var since = Stopwatch.StartNew();
        Assert.Equal(0, daemon.Stop());
        Assert.True(since.Elapsed < TimeSpan.FromSeconds(10), $"the stop took {since.Elapsed}");
    }

    [Fact]
    public void It_is_ready_when_a_route_has_been_tried_and_recovered_and_not_before()
    {
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket));
        string? vault = null;
        Eventually.True(() =>
        {
            // Looked at after READY=1 was heard: a service that says it too early has no vault yet.
            bool isReady = socket.Messages.Contains("READY=1");
            vault ??= isReady ? $"{Directory.Exists(daemon.Config["live/.atomikd/trash"])} {File.Exists(daemon.Config["s"])}" : null;
            return isReady;
        }, "it is ready", TimeSpan.FromMinutes(1));
        Assert.Equal("True True", vault);
    }

    [Fact]
    public void A_start_that_a_disk_keeps_waiting_asks_for_more_time()
    {
        Assert.SkipWhen(Command.WhyNot("fsfreeze") is not null, Command.WhyNot("fsfreeze") ?? "");
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        Directory.CreateDirectory(Path.Combine(disk.Path, "staging"));
        Directory.CreateDirectory(Path.Combine(disk.Path, "live"));
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket), $"fsfreeze --freeze '{disk.Path}'; exec \"$1\" --config \"$2\"",
            $"[Routes:disk]\nStaging = {disk.Path}/staging\nTarget = {disk.Path}/live\n");
        try
        {
            socket.WaitFor("EXTEND_TIMEOUT_USEC=40000000");
            Assert.DoesNotContain("READY=1", socket.Messages);
        }
        finally
        {
            Command.Run("fsfreeze", "--unfreeze", disk.Path).Check();
        }
        socket.WaitFor("READY=1");
        Assert.Equal(0, daemon.Stop());
    }

    [Fact]
    public void It_gives_signs_of_life_as_often_as_systemd_wants()
    {
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket, "400000"));
        Eventually.True(() => socket.Messages.Count(said => said == "WATCHDOG=1") >= 5, "signs of life come", TimeSpan.FromMinutes(1));
        Assert.Equal(0, daemon.Stop());
    }

    [Fact]
    public void The_watchdog_of_another_process_is_not_its_own()
    {
        using var socket = new NotifySocket();
        Dictionary<string, string> environment = Environment(socket, "400000");
        environment["WATCHDOG_PID"] = "1";
        using var daemon = new DaemonProcess(environment);
        socket.WaitFor("READY=1");
        daemon.Publish("item");
        socket.WaitFor(said => said.Contains("last commit", StringComparison.Ordinal), "the commit");
        Assert.DoesNotContain("WATCHDOG=1", socket.Messages);
    }

    [Fact]
    public async Task A_reload_is_announced_with_its_moment_and_answered()
    {
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket));
        socket.WaitFor("READY=1");
        long before = (long)Time.Now(Time.CLOCK_MONOTONIC).TotalMicroseconds;
        CommandResult good = daemon.Reload();
        Assert.True(good.Succeeded, good.Error);
        string[] reloading = socket.Messages.Single(said => said.StartsWith("RELOADING=1", StringComparison.Ordinal)).Split('\n');
        Assert.InRange(long.Parse(reloading[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture), before, (long)Time.Now(Time.CLOCK_MONOTONIC).TotalMicroseconds);
        Assert.Equal(2, socket.Messages.Count(said => said == "READY=1"));

        File.AppendAllText(daemon.Config.Main, "Kepe = 1\n");
        CommandResult bad = daemon.Reload();
        Assert.Equal(78, bad.ExitCode);
        Assert.Contains("Did you mean Keep?", bad.Error);
        Assert.Equal(3, socket.Messages.Count(said => said == "READY=1"));
        daemon.Publish("item");
        daemon.Stop();
        Assert.Contains("The new configuration is not applied", await daemon.Output);
    }

    [Fact]
    public void Only_root_and_its_own_user_may_have_it_reloaded()
    {
        Assert.SkipWhen(ForeignUser.WhyNot is not null, ForeignUser.WhyNot ?? "");
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket));
        socket.WaitFor("READY=1");
        // Bash has no unix sockets; python has.
        Assert.SkipWhen(Command.WhyNot("python3") is not null, "not installed: python3");
        CommandResult foreign = ForeignUser.Run(ForeignUser.Stranger, "/usr/bin/python3 -c \"$2\" \"$1\"", $"{daemon.Id}", """
            import socket, sys
            s = socket.socket(socket.AF_UNIX)
            s.connect("\0atomikd/door/" + sys.argv[1])
            try:
                s.send(b"reload\n")
                print("got", s.recv(100))
            except OSError:
                print("got b''")
            """);
        Assert.Equal("got b''\n", foreign.Output);
        Assert.DoesNotContain(socket.Messages, said => said.StartsWith("RELOADING", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_systemd_nothing_is_there_and_the_log_is_for_eyes()
    {
        using var daemon = new DaemonProcess(new Dictionary<string, string>());
        Eventually.True(() => File.Exists(daemon.Config["s"]), "the service runs", TimeSpan.FromMinutes(1));
        Eventually.True(() => daemon.Reload().Succeeded, "it is asked to reload", TimeSpan.FromMinutes(1));
        Assert.Equal(0, daemon.Stop());
        Assert.Matches(@"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d info: AtomikD\.Engine\.CommitEngine\[500\] Route site is served", await daemon.Output);
    }

    [Fact]
    public void For_journald_lines_have_priorities()
    {
        // systemd names the stream it has made by device and inode.
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket), "exec >\"$2.log\" 2>&1; JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$1\" --config \"$2\"");
        socket.WaitFor("READY=1");
        daemon.Stop();
        string[] lines = File.ReadAllLines(daemon.Config.Main + ".log");
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Matches("^<[3-7]>", line));
        Assert.Contains(lines, line => line.StartsWith("<6>", StringComparison.Ordinal) && line.Contains("Route site is served", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_configuration_ends_with_78()
    {
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket), more: "Kepe = 1\n");
        Assert.Equal(78, daemon.WaitForExit());
        Assert.Contains("Did you mean Keep?", await daemon.Error);
        Assert.Empty(socket.Messages);
    }

    [Fact]
    public async Task What_a_restart_may_cure_ends_with_1()
    {
        using var socket = new NotifySocket();
        using var daemon = new DaemonProcess(Environment(socket), "rmdir \"$(dirname \"$2\")/state\"; : > \"$(dirname \"$2\")/state\"; exec \"$1\" --config \"$2\"");
        Assert.Equal(1, daemon.WaitForExit());
        Assert.NotEmpty(await daemon.Error);
        Assert.DoesNotContain("READY=1", socket.Messages);
    }
}
