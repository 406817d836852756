using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Systemd;

/// <summary>A lane that hangs is told from one whose disk does.</summary>
public sealed class LaneWatchTests
{
    /// <summary>Holds a lane's thread after one of its steps.</summary>
    private sealed class Gate(string step) : IDisposable
    {
        private readonly ManualResetEventSlim _reached = new();
        private readonly ManualResetEventSlim _open = new();

        public void Step(string name)
        {
            if (name != step)
                return;
            _reached.Set();
            _open.Wait();
        }

        public void WaitReached() => Assert.True(_reached.Wait(TimeSpan.FromMinutes(1)), $"the lane comes to {step}");

        public void Open() => _open.Set();

        public void Dispose()
        {
            _reached.Dispose();
            _open.Dispose();
        }
    }

    [Theory]
    [InlineData("claimed")]
    [InlineData("published")]
    public async Task A_lane_that_waits_for_nothing_but_this_process_is_stuck_until_it_moves(string step)
    {
        using var gate = new Gate(step);
        await using var engine = new EngineHarness { Options = new EngineOptions { Step = gate.Step } };
        await engine.StartAsync();
        var watch = new LaneWatch(TimeProvider.System);
        Assert.Empty(watch.Look(engine.Engine.Lanes).Stuck);
        engine.StageFile("item", "text");
        engine.Mark("item");
        gate.WaitReached();
        watch.Look(engine.Engine.Lanes);
        // Other tests of this process may have a thread at a disk now and then, which excuses a lane for that look.
        Eventually.True(() => watch.Look(engine.Engine.Lanes).Stuck.Count == 1, "the lane is found stuck", TimeSpan.FromMinutes(1));
        gate.Open();
        Assert.True(engine.WaitFor("item").Succeeded);
        // The commit is told before the lane's threads go to rest.
        Eventually.True(() => engine.Engine.Lanes[0].Pulses.All(pulse => pulse.State == WorkState.Resting), "the lane rests");
        watch.Look(engine.Engine.Lanes);
        Assert.Empty(watch.Look(engine.Engine.Lanes).Stuck);
    }

    [Fact]
    public async Task A_lane_without_work_is_neither_stuck_nor_slow()
    {
        await using EngineHarness engine = await new EngineHarness().StartAsync();
        Assert.True(engine.Publish("item", "text").Succeeded);
        var watch = new LaneWatch(TimeProvider.System);
        Eventually.True(() => engine.Engine.Lanes[0].Pulses.All(pulse => pulse.State == WorkState.Resting), "the lane rests");
        watch.Look(engine.Engine.Lanes);
        LaneReport report = watch.Look(engine.Engine.Lanes);
        Assert.Empty(report.Stuck);
        Assert.Empty(report.Slow);
    }

    [Fact]
    public async Task A_lane_on_a_frozen_disk_is_slow_and_not_stuck()
    {
        Assert.SkipWhen(Command.WhyNot("fsfreeze") is not null, Command.WhyNot("fsfreeze") ?? "");
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        using var gate = new Gate("intended");
        await using var engine = new EngineHarness(disk.Path, state: state.Path) { Options = new EngineOptions { Step = gate.Step } };
        await engine.StartAsync();
        engine.StageFile("item", "text");
        engine.Mark("item");
        gate.WaitReached();
        Command.Run("fsfreeze", "--freeze", disk.Path).Check();
        try
        {
            gate.Open();
            WorkPulse front = engine.Engine.Lanes[0].Pulses[0];
            Eventually.True(() => ThreadLook.At(front.Thread) == ThreadActivity.InKernel, "the lane is in the kernel", TimeSpan.FromMinutes(1));
            Assert.True(ThreadLook.IsAnyAtDisk());
            var watch = new LaneWatch(TimeProvider.System);
            watch.Look(engine.Engine.Lanes);
            LaneReport report = watch.Look(engine.Engine.Lanes);
            Assert.Empty(report.Stuck);
            Assert.Single(report.Slow);
            Assert.Contains("; the disk under site keeps it waiting for 0 s", StatusLine.Of(engine.Engine, report), StringComparison.Ordinal);
        }
        finally
        {
            Command.Run("fsfreeze", "--unfreeze", disk.Path).Check();
        }
        Assert.True(engine.WaitFor("item").Succeeded);
    }

    [Fact]
    public async Task A_lane_that_waits_for_another_thread_at_a_frozen_disk_is_slow_and_not_stuck()
    {
        Assert.SkipWhen(Command.WhyNot("fsfreeze") is not null, Command.WhyNot("fsfreeze") ?? "");
        // The journal is on the frozen disk: one thread of those that commit is in its sync, the others wait for that thread.
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var gate = new Gate("claimed");
        await using var engine = new EngineHarness { Options = new EngineOptions { Step = gate.Step } };
        await engine.StartAsync();
        engine.StageFile("item", "text");
        engine.Mark("item");
        gate.WaitReached();
        Command.Run("fsfreeze", "--freeze", disk.Path).Check();
        int number = 0;
        var other = new Thread(() =>
        {
            Volatile.Write(ref number, Unistd.GetTid());
            File.WriteAllText(disk["file"], "text");
        });
        try
        {
            other.Start();
            Eventually.True(() => Volatile.Read(ref number) is not 0 and var thread && ThreadLook.At(thread) == ThreadActivity.InKernel, "the other thread is at the disk");
            var watch = new LaneWatch(TimeProvider.System);
            // A thread that has just begun to wait spins for a moment, and looks busy.
            Eventually.True(() => watch.Look(engine.Engine.Lanes) is { Stuck: [], Slow: [_] }, "the lane is slow, not stuck");
        }
        finally
        {
            Command.Run("fsfreeze", "--unfreeze", disk.Path).Check();
            gate.Open();
        }
        other.Join();
        Assert.True(engine.WaitFor("item").Succeeded);
    }

    [Fact]
    public async Task A_stuck_lane_means_no_sign_of_life()
    {
        using var socket = new NotifySocket();
        using var gate = new Gate("claimed");
        using var folder = new TempFolder();
        using var log = new LogWatch().Expect("LaneStuck");
        var settings = new Settings
        {
            Daemon = new DaemonSettings { StateDirectory = folder.MakeFolder("state"), Socket = folder["s"], Admin = "" },
            Routes = [new RouteSettings { Name = "site", Staging = folder.MakeFolder("staging"), Target = folder.MakeFolder("live"), Vault = folder["live/.atomikd"], Overwrite = OverwritePolicy.Always }],
        };
        await using var app = Commands.ServiceHost.Build(new ServiceSettings(settings, null, new EngineOptions { Step = gate.Step }), logging => logging.AddProvider(log), services => services.AddSingleton(new Notifier(socket.Name)));
        await app.StartAsync(TestContext.Current.CancellationToken);
        SystemdService service = app.Services.GetRequiredService<SystemdService>();
        service.Look();
        Assert.Contains("WATCHDOG=1", socket.Messages);
        folder.Write("staging/item", "text");
        folder.Write("staging/item.ready", "");
        gate.WaitReached();
        service.Look();
        Eventually.True(() =>
        {
            int before = socket.Messages.Count(said => said == "WATCHDOG=1");
            service.Look();
            return socket.Messages.Count(said => said == "WATCHDOG=1") == before;
        }, "a look gives no sign of life", TimeSpan.FromMinutes(1));
        Assert.Contains(socket.Messages, said => said.EndsWith("; the lane of site is stuck", StringComparison.Ordinal));
        log.WaitFor("LaneStuck");
        gate.Open();
        Eventually.True(() => !File.Exists(folder["staging/item.ready"]), "the marker goes");
        int last = socket.Messages.Count(said => said == "WATCHDOG=1");
        service.Look();
        Assert.Equal(last + 1, socket.Messages.Count(said => said == "WATCHDOG=1"));
        await app.StopAsync(TestContext.Current.CancellationToken);
        log.AssertNoUnexpectedErrors();
    }

    [Fact]
    public async Task A_slow_disk_is_told_wherever_the_route_is_asked_for()
    {
        Assert.SkipWhen(Command.WhyNot("fsfreeze") is not null, Command.WhyNot("fsfreeze") ?? "");
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var state = new TempFolder();
        using var gate = new Gate("intended");
        await using var engine = new EngineHarness(disk.Path, state: state.Path) { Options = new EngineOptions { Step = gate.Step } };
        using var log = new LogWatch();
        var time = new ShiftedTime();
        await using var app = Commands.ServiceHost.Build(new ServiceSettings(engine.Settings with { Daemon = engine.Settings.Daemon with { Socket = state["s"], Admin = "" } }, null, engine.Options),
            logging => logging.AddProvider(log), services => services.AddSingleton<TimeProvider>(time));
        await app.StartAsync(TestContext.Current.CancellationToken);
        SystemdService service = app.Services.GetRequiredService<SystemdService>();
        Routes.Route route = app.Services.GetRequiredService<EngineService>().Engine!.FindRoute("site")!;
        engine.StageFile("item", "text");
        engine.Mark("item");
        gate.WaitReached();
        Command.Run("fsfreeze", "--freeze", disk.Path).Check();
        try
        {
            gate.Open();
            Eventually.True(() => ThreadLook.At(route.Lane!.Pulses[0].Thread) == ThreadActivity.InKernel, "the lane is in the kernel", TimeSpan.FromMinutes(1));
            service.Look();
            Assert.Empty(route.Warnings);
            time.Shift = TimeSpan.FromSeconds(45);
            service.Look();
            Assert.Contains("The disk keeps commits waiting, for 45 s now", Assert.Single(route.Warnings), StringComparison.Ordinal);
            Assert.Null(route.Trouble);
            log.WaitFor("LaneSlow");
        }
        finally
        {
            Command.Run("fsfreeze", "--unfreeze", disk.Path).Check();
        }
        Assert.True(engine.WaitFor("item").Succeeded);
        service.Look();
        Assert.Empty(route.Warnings);
        await app.StopAsync(TestContext.Current.CancellationToken);
        log.AssertNoUnexpectedErrors();
    }

    /// <summary>A clock that a test sets forward.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Shift.TotalSeconds * TimestampFrequency);
    }
}
