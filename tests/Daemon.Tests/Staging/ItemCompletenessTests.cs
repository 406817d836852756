using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>An item that is still being written waits, without holding up others, and is refused when it takes too long.</summary>
public sealed class ItemCompletenessTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(400);

    [Fact]
    public void An_item_may_be_busy_for_ten_seconds_where_nothing_else_is_set() =>
        Assert.Equal(TimeSpan.FromSeconds(10), new EngineOptions().BusyLimit);

    [Fact]
    public async Task A_file_that_is_open_for_writing_waits_untouched_and_is_committed_once_closed()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("log")))
        {
            writer.Write("first "u8);
            writer.Flush();
            harness.Mark("log");
            WaitUntilParked(harness);
            harness.StillServes();
            Assert.True(File.Exists(harness.Staged("log")));
            Assert.True(File.Exists(harness.Staged("log.ready")));
            Assert.False(File.Exists(harness.Live("log")));
        }

        Receipt receipt = harness.WaitFor("log");
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal("first ", File.ReadAllText(harness.Live("log")));
    }

    [Fact]
    public async Task What_is_written_after_the_marker_makes_it_busy_until_the_marker_is_touched()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("log")))
        {
            harness.Mark("log");
            WaitUntilParked(harness);
            WriteLater(harness, "log", () => writer.Write("late"u8), writer);
        }
        WaitUntilParked(harness);
        Assert.True(File.Exists(harness.Staged("log.ready")));

        Drop.Touch(harness.Staged("log.ready"));

        Assert.True(harness.WaitFor("log").Succeeded);
        Assert.Contains("late", File.ReadAllText(harness.Live("log")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public async Task A_file_that_stays_open_is_refused_and_can_be_marked_again(int others)
    {
        await using var harness = new EngineHarness { Options = new EngineOptions { BusyLimit = s_soon } };
        await harness.StartAsync();
        Folder(harness, others);
        string before;
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("site/z/open")))
        {
            before = Drop.Snapshot(harness.Staged("site"));
            harness.Mark("site");

            Receipt receipt = harness.Refused("site", Reason.ItemBusy, $"{harness.Staged("site/z/open")} is open for writing");
            Assert.Contains("touch the marker again", receipt.Hint, StringComparison.Ordinal);
            Assert.Equal(before, Drop.Snapshot(harness.Staged("site")));
            harness.StillServes();
        }
        harness.Mark("site");
        Assert.True(harness.WaitFor("site").Succeeded);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public async Task A_folder_with_a_file_open_for_writing_is_committed_once_it_is_closed(int others)
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        Folder(harness, others);
        ulong inode = Drop.StatusOf(harness.Staged("site")).Inode;
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("site/z/open")))
        {
            harness.Mark("site");
            WaitUntilParked(harness);
            harness.StillServes();
        }

        Receipt receipt = harness.WaitFor("site");

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(inode, Drop.StatusOf(harness.Live("site")).Inode);
        Assert.Equal(others + 2, receipt.Json.GetProperty("files").GetInt64());
    }

    [Theory]
    [InlineData("site/a")]
    [InlineData("site/new")]
    [InlineData("site/z/0")]
    [InlineData("site/z/new")]
    [InlineData("file")]
    public async Task What_changed_after_its_marker_is_refused_and_the_marker_touched_again_commits_it(string late)
    {
        // As one rsync of item and marker does it: the marker arrives first.
        string name = late.Split('/')[0];
        await using var harness = new EngineHarness { Options = new EngineOptions { BusyLimit = s_soon } };
        EarlyMarker(harness, name, late);
        string before = Drop.Snapshot(harness.Staged(name));
        await harness.StartAsync();

        Receipt receipt = harness.Refused(name, Reason.ItemBusy, "changed after its marker; touch the marker again");

        Assert.Contains("touch the marker again", receipt.Hint, StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(harness.Staged(name)));
        Assert.False(EngineHarness.ExistsNoFollow(harness.Live(name)));
        harness.StillServes();
        harness.Mark(name);
        Assert.True(harness.WaitFor(name).Succeeded);
        Assert.Equal("late", File.ReadAllText(harness.Live(late)));
    }

    [Theory]
    [InlineData("site/z/new")]
    [InlineData("file")]
    public async Task A_touch_of_the_marker_while_it_waits_vouches_for_the_change(string late)
    {
        string name = late.Split('/')[0];
        await using var harness = new EngineHarness();
        EarlyMarker(harness, name, late);
        await harness.StartAsync();
        WaitUntilParked(harness);

        Drop.Touch(harness.Staged(name + ".ready"));

        Assert.True(harness.WaitFor(name).Succeeded);
        Assert.Equal("late", File.ReadAllText(harness.Live(late)));
    }

    [Fact]
    public async Task Where_open_files_are_ignored_nothing_waits()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { OpenFiles = OpenFilesPolicy.Ignore }).StartAsync();
        using FileStream writer = Drop.OpenForWriting(harness.Staged("log"));
        harness.Mark("log");

        Assert.True(harness.WaitFor("log").Succeeded);
    }

    [Fact]
    public async Task A_busy_item_with_a_request_id_waits_too()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("log")))
        {
            harness.Mark("log", "{\"requestId\":\"r1\"}");
            WaitUntilParked(harness);
        }

        Receipt receipt = harness.WaitFor("log");
        Assert.True(receipt.Succeeded, receipt.ToString());
    }

    [Fact]
    public async Task A_marker_that_is_taken_away_while_its_item_waits_was_never_a_request()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        using (FileStream writer = Drop.OpenForWriting(harness.Staged("log")))
        {
            harness.Mark("log");
            WaitUntilParked(harness);
            File.Delete(harness.Staged("log.ready"));
        }
        Eventually.True(() => harness.Engine.Lanes[0].Room.ParkedCount == 0, "nobody waits");
        harness.StillServes();
        Assert.True(File.Exists(harness.Staged("log")));
        Assert.Null(harness.ReadReceipt("log"));
    }

    private static void EarlyMarker(EngineHarness harness, string name, string late)
    {
        if (name == "file")
            harness.StageFile("file", "early");
        else
            Folder(harness, 200);
        harness.Mark(name);
        WriteLater(harness, name, () => File.WriteAllText(harness.Staged(late), "late"), null, harness.Staged(late));
    }

    /// <summary>The kernel's clock of files goes in steps: until the change is seen to be later than the marker.</summary>
    private static void WriteLater(EngineHarness harness, string name, Action write, FileStream? writer, string? changed = null) => Eventually.True(() =>
    {
        write();
        writer?.Flush();
        return Drop.StatusOf(changed ?? harness.Staged(name)).Changed > Drop.StatusOf(harness.Staged(name + ".ready")).Changed;
    }, "the clock of files moves on");

    private static void Folder(EngineHarness harness, int others)
    {
        harness.StageFolder("site", ("a", "1"), ("z/open", "1"));
        for (int i = 0; i < others; i++)
            File.WriteAllText(harness.Staged($"site/z/{i}"), "");
    }

    private static void WaitUntilParked(EngineHarness harness) =>
        Eventually.True(() => harness.Engine.Lanes[0].Room.ParkedCount > 0, "the request waits");
}
