using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Crash;

/// <summary>
/// One batch of marker commits, a file and a folder, created and replaced. It is killed before each call that changes
/// something, and each of its calls on files fails; then the daemon starts again over the same folders.
/// </summary>
[Trait("Promise", "P3")]
[Trait("Promise", "P4")]
[Trait("Promise", "P5")]
public sealed class SyscallSweepTests
{
    private const int AtOnce = 2;

    /// <summary>To look at single points again: a pattern of what a failure names, like <c>Lane fsync #2:</c>.</summary>
    private const string OnlyVariable = "ATOMIKD_SWEEP";

    public SyscallSweepTests() => Assert.SkipWhen(Strace.WhyNot is not null, Strace.WhyNot ?? "");

    [Fact]
    public async Task Killed_before_any_call_everything_is_committed_once_after_the_restart()
    {
        SweepPoint[] points = [.. (await SweepPlan.WatchAsync()).Where(SweepPlan.Changes)];
        var missed = new ConcurrentBag<SweepPoint>();
        await SweepAsync(points, async point =>
        {
            await using EngineHarness harness = NewHarness();
            using var child = new Child(harness);
            using ThreadTrace trace = Attach(harness, child, point, Injection.Kill(point.Syscall, point.Number));
            child.Go();
            if (!Eventually.Becomes(() => child.HasExited || IsOver(harness), TimeSpan.FromSeconds(30)))
                Assert.Fail("neither killed nor finished");
            // The closing of the results comes a moment later.
            Eventually.Becomes(() => child.HasExited || child.IsClosed(), TimeSpan.FromSeconds(10));
            child.Kill();
            if (!trace.WasInjected(trace.Stop()))
                missed.Add(point);
            await harness.StartAsync();
            // It is the same boot, and the markers stand: nothing is refused.
            FourShapes.AssertAllOrNothing(harness, FourShapes.Names, "killed");
        });
        // The number of the journal's writes differs a little from run to run.
        Assert.True(missed.Count <= points.Length / 10, $"{missed.Count} of {points.Length} calls were not made:\n{string.Join('\n', missed)}");
    }

    [Theory]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    public async Task Whichever_call_fails_everything_is_old_or_new_and_told_after_the_restart(string error)
    {
        IReadOnlyList<SweepPoint> all = await SweepPlan.WatchAsync();
        SweepPoint[] points = [.. error == "EIO" ? all : all.Where(SweepPlan.NeedsRoom)];
        // Children that go on from point to point: what fails must not end the daemon.
        using var children = new BlockingCollection<Child>();
        for (int i = 0; i < AtOnce; i++)
            children.Add(new Child());
        try
        {
            await SweepAsync(points, async point =>
            {
                await using EngineHarness harness = NewHarness();
                Child child = children.Take();
                try
                {
                    child.Open(harness);
                    using (ThreadTrace trace = Attach(harness, child, point, Injection.Error(point.Syscall, error, point.Number)))
                    {
                        child.Go();
                        if (!Eventually.Becomes(() => IsOver(harness) || child.Ask("fault") != "none", TimeSpan.FromSeconds(30)))
                            Assert.Fail($"neither told nor stopped; markers: {Markers(harness)}\n{child.Tell()}");
                        trace.Stop();
                    }
                    Assert.Equal("stopped", child.Ask("stop"));
                }
                catch
                {
                    child.Kill();
                    child = new Child();
                    throw;
                }
                finally
                {
                    children.Add(child);
                }
                string[] told = [.. FourShapes.Names.Where(name => File.Exists(harness.Staged(name + ".done")))];
                await harness.StartAsync();
                FourShapes.AssertAllOrNothing(harness, told, $"told before: {string.Join(' ', told)}");
            });
        }
        finally
        {
            while (children.TryTake(out Child? child))
                child.Dispose();
        }
    }

    private static EngineHarness NewHarness() => new(configure: route => route with { KeepFor = TimeSpan.FromHours(1) });

    private static ThreadTrace Attach(EngineHarness harness, Child child, SweepPoint point, Injection injection)
    {
        int lane = FourShapes.Queue(harness, child);
        int thread = point.Thread == SweptThread.Lane ? lane : int.Parse(child.Ask("journal"), CultureInfo.InvariantCulture);
        return new ThreadTrace([thread], injection);
    }

    private static bool IsOver(EngineHarness harness) => !FourShapes.Names.Any(name => FourShapes.HasMarker(harness, name));

    private static string Markers(EngineHarness harness) => string.Join(' ', FourShapes.Names.Where(name => FourShapes.HasMarker(harness, name)));

    private static async Task SweepAsync(SweepPoint[] points, Func<SweepPoint, Task> run)
    {
        if (Environment.GetEnvironmentVariable(OnlyVariable) is { } only)
            points = [.. points.Where(point => Regex.IsMatch(point.ToString(), only, RegexOptions.None, TimeSpan.FromSeconds(1)))];
        Assert.NotEmpty(points);
        var failures = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(points, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (point, _) =>
        {
            try
            {
                await run(point);
            }
            catch (Exception e)
            {
                failures.Add($"{point}\n    {e.Message.ReplaceLineEndings("\n    ")}");
            }
        });
        Assert.True(failures.IsEmpty, $"{failures.Count} of {points.Length} failed:\n{string.Join('\n', failures.Order(StringComparer.Ordinal))}");
    }
}
