using AtomikD.Support;
using Xunit;

namespace AtomikD.Engine;

/// <summary>The main road: drop, mark, live.</summary>
public sealed class FirstCommitTests
{
    [Fact]
    public async Task A_file_goes_live_and_is_replaced()
    {
        await using var harness = await new EngineHarness().StartAsync();

        Receipt first = harness.Publish("report", "one");
        Assert.True(first.Succeeded, first.ToString());
        Assert.Equal(1, first.Version);
        Assert.Equal("one", File.ReadAllText(harness.Live("report")));

        Receipt second = harness.Publish("report", "two");
        Assert.Equal(2, second.Version);
        Assert.Equal(1, second.Json.GetProperty("replaced").GetInt64());
        Assert.Equal("two", File.ReadAllText(harness.Live("report")));
    }

    [Fact]
    public async Task A_folder_goes_live_and_is_replaced()
    {
        await using var harness = await new EngineHarness().StartAsync();

        Assert.Equal(1, harness.PublishFolder("site", "one").Version);
        Assert.Equal(2, harness.PublishFolder("site", "two").Version);
        Assert.Equal("two", File.ReadAllText(harness.Live("site/index.html")));
        Assert.False(Directory.Exists(harness.Staged("site")));
    }

    [Fact]
    public async Task What_waited_before_the_start_is_committed()
    {
        await using var harness = new EngineHarness();
        harness.StageFolder("site", ("a", "1"));
        harness.Mark("site");

        await harness.StartAsync();

        Assert.True(harness.WaitFor("site").Succeeded);
    }

    [Fact]
    public async Task A_call_commits_and_rolls_back()
    {
        await using var harness = await new EngineHarness().StartAsync();
        harness.StageFile("a", "1");
        Assert.Null((await harness.CommitAsync("a")).Refusal);
        harness.StageFile("a", "2");
        Assert.Equal(2, (await harness.CommitAsync("a")).Version!.Number);

        Commits.CommitResult back = await harness.Engine.RollbackAsync("site", "a", 0, null, Commits.CommitOptions.None, 0, CancellationToken.None);

        Assert.Null(back.Refusal);
        Assert.Equal(3, back.Version!.Number);
        Assert.Equal("1", File.ReadAllText(harness.Live("a")));
    }
}
