using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Receipts expire; what else has such a name does not.</summary>
public sealed class ReceiptExpiryTests
{
    private static readonly TimeSpan s_keepFor = TimeSpan.FromDays(7);

    [Fact]
    public void A_receipt_goes_after_its_time()
    {
        using CollectorScene scene = NewScene();
        Receipt(scene, "a", done: true);
        Receipt(scene, "b", done: false);
        scene.Pass(s_keepFor - TimeSpan.FromSeconds(1));
        Receipt(scene, "young", done: true);
        Assert.Equal(0, Run(scene));
        scene.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Run(scene));
        Assert.Equal(["young.done"], Names(scene));
        Assert.Equal(0, Run(scene));
        Assert.Equal(["young.done"], Expired(scene));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(scene.VaultPath), entry => entry.EndsWith(".receipt", StringComparison.Ordinal));
    }

    [Fact]
    public void A_jump_of_the_wall_clock_removes_nothing()
    {
        using CollectorScene scene = NewScene();
        Receipt(scene, "a", done: true);
        scene.Wall += TimeSpan.FromDays(10_000);
        Assert.Equal(0, Run(scene));
        Assert.Equal(["a.done"], Names(scene));
    }

    [Fact]
    public void What_the_journal_does_not_remember_is_kept()
    {
        using CollectorScene scene = NewScene();
        Receipt(scene, "a", done: true);
        Producer.Write($"{scene.Staging}/a.failed", "a stranger's");
        Producer.Write($"{scene.Staging}/b.done", "a stranger's");
        scene.Pass(2 * s_keepFor);
        Assert.Equal(1, Run(scene));
        Assert.Equal(["a.failed", "b.done"], Names(scene));
    }

    [Fact]
    public void What_came_to_a_receipts_place_is_kept()
    {
        using CollectorScene scene = NewScene();
        foreach (string name in (string[])["folder", "link", "gone", "foreign"])
            Receipt(scene, name, done: true);
        File.Delete($"{scene.Staging}/folder.done");
        Producer.Write($"{scene.Staging}/folder.done/kept", "kept");
        File.Delete($"{scene.Staging}/link.done");
        File.CreateSymbolicLink($"{scene.Staging}/link.done", "folder.done/kept");
        File.Delete($"{scene.Staging}/gone.done");
        if (Native.IsRoot)
            Command.Run("chown", "65534", $"{scene.Staging}/foreign.done").Check();
        else
            File.Delete($"{scene.Staging}/foreign.done");
        scene.Pass(2 * s_keepFor);
        Assert.Equal(0, Run(scene));
        Assert.Equal("kept", File.ReadAllText($"{scene.Staging}/link.done"));
        Assert.Empty(Expired(scene));
        Assert.Equal(Native.IsRoot, File.Exists($"{scene.Staging}/foreign.done"));
    }

    [Fact]
    public void None_goes_while_a_marker_of_the_name_stands()
    {
        using CollectorScene scene = NewScene();
        Receipt(scene, "a", done: false);
        Producer.Write($"{scene.Staging}/a.ready", "");
        scene.Pass(2 * s_keepFor);
        Assert.Equal(0, Run(scene));
        Assert.True(File.Exists($"{scene.Staging}/a.failed"));
        File.Delete($"{scene.Staging}/a.ready");
        scene.Pass(2 * s_keepFor);
        Assert.Equal(1, Run(scene));
    }

    [Fact]
    public void Thousands_go_in_one_run_and_a_marker_does_not_keep_the_others()
    {
        using CollectorScene scene = NewScene();
        for (int i = 0; i < 1500; i++)
            Receipt(scene, $"n{i}", done: true);
        for (int i = 0; i < 600; i++)
            Producer.Write($"{scene.Staging}/n{i}.ready", "");
        scene.Pass(2 * s_keepFor);
        Assert.Equal(900, Run(scene));
    }

    private static CollectorScene NewScene() => new(change: settings => settings with { ReceiptsKeepFor = s_keepFor });

    private static int Run(CollectorScene scene) => ReceiptExpiry.Run(scene.Journal, scene.Route, scene.Folders, scene.Logger, CancellationToken.None);

    private static void Receipt(CollectorScene scene, string name, bool done)
    {
        scene.Journal.Write(durable: false, session =>
        {
            session.ReceiptWritten(scene.Staging, Name.Of(name), done);
            return true;
        });
        Assert.Equal(Errno.None, Receipts.Write(scene.Folders, scene.Journal.NextSlot(), Name.Of(name), done, "{}", durable: false));
    }

    private static string[] Names(CollectorScene scene) => [.. Directory.GetFileSystemEntries(scene.Staging).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private static string[] Expired(CollectorScene scene) => [.. scene.Journal
        .Write(durable: false, session => session.ExpiredReceipts(scene.Staging, TimeSpan.Zero, 100)).Select(receipt => receipt.Name + (receipt.Done ? ".done" : ".failed"))];
}
