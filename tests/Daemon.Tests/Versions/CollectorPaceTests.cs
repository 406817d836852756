using System.Diagnostics;
using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Support;
using AtomikD.Trees;
using Xunit;

namespace AtomikD.Versions;

/// <summary>P9: collection gives way to commits within one piece.</summary>
[Trait("Promise", "P7")]
public sealed class CollectorPaceTests
{
    private const int Files = 50_000;

    [Fact]
    public void Fifty_thousand_files_go_at_full_speed_in_an_idle_lane()
    {
        using var scene = new CollectorScene();
        Big(scene);
        CollectResult result = scene.Collect();
        Assert.Equal(1, result.Deleted);
        Assert.Empty(scene.Entries());
    }

    [Fact]
    public void While_a_durable_commit_is_in_work_hardly_anything_is_deleted()
    {
        using var scene = new CollectorScene();
        VersionRow row = Big(scene);
        using var sealing = new BlockedPool(scene.Pool);
        scene.Publish("live", "something");
        Submit(scene, "large", 100); // Too large for the lane itself: it waits in the pool, claimed.
        Eventually.True(() => scene.Lane.InWork == 1, "the commit is in work");

        using var stop = new CancellationTokenSource();
        var collecting = new Thread(() => scene.Collect(stop: stop.Token));
        collecting.Start();
        Eventually.True(() => Directory.Exists(scene.InTrash(row)) && Left(scene, row) < Files, "the deletion has begun", TimeSpan.FromSeconds(60));
        stop.Cancel();
        collecting.Join();
        Assert.InRange(Left(scene, row), Files / 2, Files - 1);
        Assert.Equal(0, Left(scene, row) % TreeDelete.UnlinksPerPiece - Files % TreeDelete.UnlinksPerPiece);
        Assert.Equal(VersionState.Deleted, scene.StateOf(row)); // Out of its slot for good, though not gone.

        sealing.Dispose();
        Eventually.True(() => File.Exists($"{scene.Staging}/large.done"), "the commit is told");
        scene.EmptyTrash();
        Assert.Empty(scene.Entries());
        scene.Logs.AssertNoUnexpectedErrors();
    }

    [Fact]
    public void While_commits_keep_coming_nine_tenths_of_the_time_are_theirs()
    {
        using var scene = new CollectorScene();
        var pace = new CollectorPace(scene.Folders, scene.Lane, () => false, CancellationToken.None);
        Submit(scene, "a", 1);
        Eventually.True(() => scene.Lane.Entered == 1 && scene.Lane.InWork == 0, "the commit has come and gone");
        var piece = Stopwatch.StartNew();
        while (piece.ElapsedMilliseconds < 10)
            Thread.SpinWait(100);
        var rest = Stopwatch.StartNew();
        pace.Piece(TreeDelete.UnlinksPerPiece);
        Assert.True(rest.Elapsed > TimeSpan.FromMilliseconds(80), $"it rested for {rest.Elapsed} only");
    }

    [Fact]
    public void Somebody_who_waits_makes_it_rest_less()
    {
        using var scene = new CollectorScene();
        using var sealing = new BlockedPool(scene.Pool);
        Submit(scene, "large", 100);
        Eventually.True(() => scene.Lane.InWork == 1, "the commit is in work");
        var pace = new CollectorPace(scene.Folders, scene.Lane, () => true, CancellationToken.None);
        var rest = Stopwatch.StartNew();
        pace.Piece(TreeDelete.UnlinksPerPiece);
        Assert.True(rest.Elapsed > TimeSpan.FromMilliseconds(40), $"it rested for {rest.Elapsed} only");
        sealing.Dispose();
    }

    [Fact]
    public void It_ends_where_the_folders_are_given_up()
    {
        using var scene = new CollectorScene();
        var pace = new CollectorPace(scene.Folders, scene.Lane, () => false, CancellationToken.None);
        pace.Rest();
        Assert.True(scene.Folders.TryAcquire());
        scene.Folders.Dispose();
        Assert.Throws<OperationCanceledException>(pace.Rest);
        scene.Folders.Release();
    }

    private static VersionRow Big(CollectorScene scene)
    {
        long sequence = scene.Publish("big", item =>
        {
            for (int folder = 0; folder < 10; folder++)
            {
                using Fd opened = TempFolder.OpenFolder(Directory.CreateDirectory($"{item}/{folder}").FullName);
                for (int i = 0; i < Files / 10; i++)
                    Stat.MknodAt(opened, Name.Of($"{i}"), Stat.S_IFREG | 0x1A4, 0);
            }
        }).Sequence;
        scene.Publish("big", "small now");
        return scene.Find(sequence);
    }

    private static int Left(CollectorScene scene, VersionRow row) => Directory.GetFiles(scene.InTrash(row), "*", SearchOption.AllDirectories).Length;

    private static void Submit(CollectorScene scene, string name, int files)
    {
        for (int i = 0; i < files; i++)
            Producer.Write($"{scene.Staging}/{name}/{i}", "x");
        Producer.Write($"{scene.Staging}/{name}.ready", "");
        Assert.True(scene.Lane.MarkerSeen(scene.Route, System.Text.Encoding.UTF8.GetBytes(name), Discovery.Closed));
    }

    /// <summary>The seal pool's only worker waits until it is let go.</summary>
    private sealed class BlockedPool : IDisposable
    {
        private readonly TaskCompletionSource _end = new();

        public BlockedPool(SealPool pool) => pool.Add(_end.Task.Wait);

        public void Dispose() => _end.TrySetResult();
    }
}
