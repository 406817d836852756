using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Scale;

/// <summary>Many at once, and much beside them. One after the other: each would be in the other's way.</summary>
[CollectionDefinition(nameof(ScaleTests), DisableParallelization = true)]
[Collection(nameof(ScaleTests))]
public sealed class ScaleTests
{
    private const string Memory = "/dev/shm";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4);

    private static TempFolder InMemory() => new(Directory.Exists(Memory) ? Memory : null);

    private static RouteSettings Quick(RouteSettings route) => route with
    {
        Durability = Durability.None,
        Receipts = ReceiptsPolicy.Failures,
    };

    private static void Drop(Fd staging, int number)
    {
        Create(staging, $"item{number}");
        Create(staging, $"item{number}.ready");
    }

    private static void Create(Fd folder, string name)
    {
        Errno error = Fcntl.OpenAt2(folder, Name.Of(name), Fcntl.O_WRONLY | Fcntl.O_CREAT, 0x1A4, 0, out Fd file);
        file.Dispose();
        Assert.Equal(Errno.None, error);
    }

    private static int LiveItems(EngineHarness harness) =>
        Directory.EnumerateFiles(harness.Target).Count();

    [Fact]
    [Trait("Promise", "P8")]
    public async Task A_burst_that_overflows_the_kernels_queue_is_committed_whole()
    {
        const int Count = 200_000;
        using TempFolder folder = InMemory();
        await using var harness = new EngineHarness(folder.Path, Quick);
        bool isShort = await StartWithShortQueue(harness);
        using Fd staging = TempFolder.OpenFolder(harness.Staging);

        for (int i = 0; i < Count; i++)
            Drop(staging, i);

        Eventually.True(() => harness.Route.Commits >= Count, "every marker is served", s_patience);
        Assert.Equal(Count, harness.Route.Commits);
        Assert.Equal(0, harness.Route.Failures);
        Assert.Equal(Count, LiveItems(harness));
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Staging));
        Assert.True(!isShort || harness.Engine.WatchOverflows > 0, "the queue was meant to overflow");
    }

    /// <summary>
    /// The reader is quick enough that 16,384 events seldom wait. The limit counts when the descriptor is made, so only
    /// this engine (and what else starts in that moment, which must bear it too) gets the shorter queue.
    /// </summary>
    private static async Task<bool> StartWithShortQueue(EngineHarness harness)
    {
        const string Limit = "/proc/sys/fs/inotify/max_queued_events";
        string usual = await File.ReadAllTextAsync(Limit);
        try
        {
            await File.WriteAllTextAsync(Limit, "64");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            await harness.StartAsync();
            return false;
        }
        try
        {
            await harness.StartAsync();
        }
        finally
        {
            await File.WriteAllTextAsync(Limit, usual);
        }
        return true;
    }

    [Fact]
    [Trait("Promise", "P8")]
    public async Task Twenty_thousand_that_wait_at_the_start_are_committed()
    {
        const int Count = 20_000;
        using TempFolder folder = InMemory();
        await using var harness = new EngineHarness(folder.Path, Quick);
        using (Fd staging = TempFolder.OpenFolder(harness.Staging))
            for (int i = 0; i < Count; i++)
                Drop(staging, i);

        await harness.StartAsync();

        Eventually.True(() => harness.Route.Commits >= Count, "every marker is served", s_patience);
        Assert.Equal(Count, LiveItems(harness));
    }

    [Fact]
    [Trait("Promise", "P9")]
    public async Task A_million_unmarked_entries_do_not_slow_a_commit()
    {
        const int Count = 1_000_000;
        using TempFolder folder = InMemory();
        await using var harness = await new EngineHarness(folder.Path, Quick).StartAsync();
        TimeSpan alone = MedianCommit(harness, 40);
        using Fd staging = TempFolder.OpenFolder(harness.Staging);
        for (int i = 0; i < Count; i++)
            Create(staging, $"unmarked{i}");
        long scans = harness.Engine.Rescans;

        TimeSpan beside = MedianCommit(harness, 40);

        // A listing of a million entries takes a third of a second: a scan per commit would show at once.
        Assert.True(beside < (alone * 4) + TimeSpan.FromMilliseconds(50), $"alone {alone}, beside a million entries {beside}");
        Assert.True(harness.Engine.Rescans - scans <= 2, $"{harness.Engine.Rescans - scans} scans during 40 commits");
    }

    [Fact]
    [Trait("Promise", "P9")]
    public async Task Small_commits_pass_a_huge_one_and_a_busy_one()
    {
        const int Files = 100_000;
        using var folder = new TempFolder();
        await using var harness = await new EngineHarness(folder.Path).StartAsync();
        TimeSpan alone = MedianCommit(harness, 30);
        StageHuge(harness, Files);
        await using FileStream writer = File.Create(harness.Staged("busy"));
        harness.Mark("busy");
        harness.Mark("huge");
        Eventually.True(() => harness.Slots().Any(slot => slot.EndsWith("~huge", StringComparison.Ordinal)), "the huge folder is claimed", s_patience);

        TimeSpan beside = MedianCommit(harness, 20);

        Assert.True(File.Exists(harness.Staged("huge.ready")), "the huge folder was meant to be still in work");
        Assert.True(beside < (alone * 10) + TimeSpan.FromMilliseconds(250), $"alone {alone}, beside a huge and a busy item {beside}");
        await writer.DisposeAsync();
        Assert.True(harness.WaitFor("huge", s_patience).Succeeded);
        Assert.Equal(Files, harness.ReadReceipt("huge")!.Json.GetProperty("files").GetInt64());
    }

    private static void StageHuge(EngineHarness harness, int files)
    {
        string huge = Directory.CreateDirectory(harness.Staged("huge")).FullName;
        for (int sub = 0; sub < 100; sub++)
        {
            using Fd part = TempFolder.OpenFolder(Directory.CreateDirectory($"{huge}/{sub}").FullName);
            for (int i = 0; i < files / 100; i++)
                Create(part, $"{i}");
        }
    }

    /// <summary>From the marker to its going, of one-file folders, one after the other.</summary>
    private static TimeSpan MedianCommit(EngineHarness harness, int count)
    {
        var times = new List<TimeSpan>();
        for (int i = 0; i < count; i++)
        {
            harness.StageFolder("small", ("file", $"{i}"));
            long start = Stopwatch.GetTimestamp();
            harness.Mark("small");
            SpinWait.SpinUntil(() => !File.Exists(harness.Staged("small.ready")), TimeSpan.FromSeconds(30));
            times.Add(Stopwatch.GetElapsedTime(start));
            Assert.False(File.Exists(harness.Staged("small.ready")), "a small commit took more than 30 s");
        }
        times.Sort();
        return times[times.Count / 2];
    }
}
