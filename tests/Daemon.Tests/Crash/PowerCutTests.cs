using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Recovery;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Crash;

/// <summary>The power fails at each step of a batch of four commits: what was told survives, the rest is whole, old or new.</summary>
[Trait("Promise", "P2")]
[Trait("Promise", "P3")]
public sealed class PowerCutTests
{
    /// <summary>In their order. From "synced" on nothing can be lost any more.</summary>
    private static readonly string[] s_steps = ["intended", "claimed", "inspected", "sealed", "published", "synced", "settled", "told", "acknowledged"];

    public static TheoryData<string, string, bool> Moments
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (string type in new[] { "ext4", "xfs" })
            {
                foreach (string step in s_steps)
                {
                    data.Add(type, step, true);
                    // Within one boot nobody could tell contents that were lost before the seal: a disk does not do that.
                    if (IsAtLeast(step, "sealed"))
                        data.Add(type, step, false);
                }
            }
            data.Add("btrfs", "claimed", true);
            data.Add("btrfs", "published", true);
            data.Add("btrfs", "acknowledged", true);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task A_batch_is_all_or_nothing(string type, string step, bool anotherBoot)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        await using var harness = new EngineHarness(disk.Path, route => route with { KeepFor = TimeSpan.FromHours(1) });
        string[] promised;
        using (var child = new Child(harness))
        {
            FourShapes.Queue(harness, child);
            child.Arm(step);
            child.Go();
            child.WaitUntilAt(step);
            promised = [.. FourShapes.Names.Where(name => IsAtLeast(step, "synced"))];
            Assert.All(promised, name => Assert.Equal(FourShapes.New, FourShapes.Live(harness, name)));
            child.Kill();
        }
        disk.Cut(anotherLoop: true);
        if (anotherBoot)
            harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        FourShapes.AssertAllOrNothing(harness, promised, $"{type}, cut after {step}, another boot: {anotherBoot}", mayBeLost: !IsAtLeast(step, "sealed"));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public async Task What_waited_for_a_daemon_is_not_published_empty(string type)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        await using var harness = new EngineHarness(disk.Path);
        await harness.StartAsync();
        FourShapes.PublishOld(harness);
        await harness.StopAsync();
        FourShapes.Stage(harness, FourShapes.New);
        FourShapes.Mark(harness);
        using (Fd staging = TempFolder.OpenFolder(harness.Staging))
            Assert.Equal(Errno.None, Unistd.Fsync(staging));
        disk.Cut(anotherLoop: true);
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);
        Assert.All(FourShapes.Names, name => Assert.True(FourShapes.HasMarker(harness, name)));

        await harness.StartAsync();

        FourShapes.AssertAllOrNothing(harness, [], $"{type}, marked and cut", mayBeLost: true);
        Assert.All(FourShapes.Names, name => Assert.Equal("INTERRUPTED", harness.ReadReceipt(name)!.Reason));
    }

    [Theory]
    [InlineData("ext4", true)]
    [InlineData("ext4", false)]
    [InlineData("xfs", true)]
    [InlineData("xfs", false)]
    public async Task What_waited_over_an_orderly_stop_is_committed_whole(string type, bool durable)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        await using var harness = new EngineHarness(disk.Path, route => route with { KeepFor = TimeSpan.FromHours(1), Durability = durable ? Durability.Full : Durability.None });
        await harness.StartAsync();
        FourShapes.PublishOld(harness);
        FourShapes.Stage(harness, FourShapes.New);
        List<FileStream> writers = [.. Directory.EnumerateFiles(harness.Staging, "*", SearchOption.AllDirectories)
            .Select(file => new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))];
        FourShapes.Mark(harness);
        DateTimeOffset marked = TimeProvider.System.GetUtcNow();
        Commits.Lane lane = Assert.Single(harness.Engine.Lanes);
        Eventually.True(() => lane.Room.ParkedCount == FourShapes.Names.Length && TimeProvider.System.GetUtcNow() - marked > TimeSpan.FromMilliseconds(50), "all are parked");
        await harness.StopAsync();
        writers.ForEach(writer => writer.Dispose());
        disk.Cut(anotherLoop: true);
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);

        await harness.StartAsync();

        FourShapes.AssertAllOrNothing(harness, FourShapes.Names, $"{type}, stopped in order, then cut");
    }

    [Theory]
    [InlineData("ext4", true)]
    [InlineData("ext4", false)]
    [InlineData("xfs", true)]
    [InlineData("xfs", false)]
    public async Task Without_durability_one_whole_version_is_always_on_the_disk(string type, bool collects)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip(type);
        await using var harness = new EngineHarness(disk.Path, route => route with { Durability = Durability.None, Keep = collects ? 0 : 2, KeepFor = TimeSpan.Zero });
        string[] replaced = [.. FourShapes.Names.Where(FourShapes.IsReplace)];
        using (var child = new Child(harness, durable: false, keep: collects ? 0 : 2))
        {
            FourShapes.PublishOld(harness);
            using (Fd root = disk.Open())
                Assert.Equal(Errno.None, Unistd.Syncfs(root));
            FourShapes.Stage(harness, FourShapes.New, FourShapes.IsReplace);
            FourShapes.Mark(harness, FourShapes.IsReplace);
            foreach (string name in replaced)
                Assert.Equal(2, harness.WaitFor(name).Version);
            if (collects)
                Eventually.True(() => harness.Slots().Length == 0, "what was replaced has been collected");
            using (Fd root = disk.Open())
                Assert.Equal(Errno.None, Unistd.Fsync(root));
            child.Kill();
        }
        disk.Cut(anotherLoop: true);
        harness.Options = RecoveryCase.AnotherBoot(harness.Options);
        string[] slots = [.. harness.Slots().Select(slot => Path.Combine(harness.VaultPath, slot))];

        foreach (string name in replaced)
        {
            string? live = FourShapes.Live(harness, name);
            bool isWhole = live is FourShapes.Old || live == FourShapes.New;
            bool isKept = slots.Any(slot => slot.EndsWith("~" + name, StringComparison.Ordinal) && FourShapes.Read(slot, name) is FourShapes.Old);
            Assert.True(isWhole || isKept, $"{name}: {live}");
            Assert.True(isWhole || !collects, $"{name} was collected, and what is live is {live}");
        }
        await harness.StartAsync();
        Assert.Equal(3, harness.PublishFolder("folder-replace", "again").Version);
    }

    private static bool IsAtLeast(string step, string other) => Array.IndexOf(s_steps, step) >= Array.IndexOf(s_steps, other);
}
