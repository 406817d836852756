using System.Text.Json;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Demo;

/// <summary>A demo that could not fail would prove nothing: what it must notice is done behind the daemon's back.</summary>
public sealed class DemoFailureTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_wrong_byte_in_the_live_folder_is_a_torn_read()
    {
        using DemoProcess demo = Start();

        Meddle(demo, () =>
        {
            using FileStream file = Open(demo, "css/site.css");
            file.Position = 1000;
            file.Write("torn"u8);
        });

        AssertFailed(demo, "torn");
    }

    [Fact]
    public void A_file_of_another_version_is_a_torn_read()
    {
        using DemoProcess demo = Start();
        var other = new byte[DemoContent.LengthOf(1, "img/logo.svg")];
        DemoContent.Fill(1, "img/logo.svg", 0, other);

        Meddle(demo, () =>
        {
            using FileStream file = Open(demo, "img/logo.svg");
            file.SetLength(0);
            file.Write(other);
        });

        AssertFailed(demo, "torn");
    }

    [Fact]
    public void A_file_taken_away_is_a_missing_read()
    {
        using DemoProcess demo = Start();

        Meddle(demo, () => File.Delete(Path.Combine(demo.Site, "data", "feed.json")));

        AssertFailed(demo, "missing");
    }

    [Fact]
    public void What_stays_behind_is_left_over()
    {
        using DemoProcess demo = Start();

        demo.WaitUntilLive();
        File.WriteAllText(Path.Combine(demo.Root, "staging", "stray"), "");

        AssertFailed(demo, "leftOver");
    }

    public void Dispose() => _folder.Dispose();

    private DemoProcess Start() => new(_folder.Path, seconds: 2, byDotnet: false, "--json");

    /// <summary>Only what is there: a file made while the demo removes its folder would be left.</summary>
    private static FileStream Open(DemoProcess demo, string path) => new(Path.Combine(demo.Site, path), FileMode.Open, FileAccess.Write);

    /// <summary>Again and again: the version that was meddled with is soon replaced.</summary>
    private static void Meddle(DemoProcess demo, Action meddle)
    {
        demo.WaitUntilLive();
        Eventually.True(() =>
        {
            try
            {
                meddle();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // Replaced and collected meanwhile, or the demo has ended.
            }
            return !demo.IsRunning;
        }, "the demo ends", TimeSpan.FromSeconds(90));
    }

    private static void AssertFailed(DemoProcess demo, string by)
    {
        Assert.True(demo.Wait() == 1, demo.Output + demo.Error);
        JsonElement json = demo.Json;
        Assert.False(json.GetProperty("ok").GetBoolean());
        Assert.True(json.GetProperty(by).GetInt64() > 0, demo.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(demo.Parent));
    }
}
