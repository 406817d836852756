using System.Text.Json;
using AtomikD.Commits;
using AtomikD.Staging;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Demo;

/// <summary>docs/protocol.md says what the service does.</summary>
public sealed class ProtocolDocsTests
{
    private static readonly Document s_docs = new("docs/protocol.md");

    [Fact]
    public void Every_reason_is_in_the_list_with_whether_it_may_be_tried_again()
    {
        var told = s_docs.Rows("Reasons").Select(row => (row[0], row[1] == "yes"));

        Assert.Equal(Enum.GetValues<Reason>().Select(reason => (reason.WireName(), reason.IsRetryable())).Order(), told.Order());
    }

    [Fact]
    public async Task The_receipts_have_the_keys_of_those_shown()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Overwrite = Configuration.OverwritePolicy.OnRequest }).StartAsync();
        Receipt done = harness.PublishFolder("site", "1");
        Receipt failed = harness.PublishFolder("site", "2");

        string[] shown = s_docs.Blocks("json");

        Assert.True(done.Succeeded && !failed.Succeeded);
        Assert.Equal(Keys(done.Json), Keys(JsonDocument.Parse(shown[0]).RootElement));
        Assert.Equal(Keys(failed.Json), Keys(JsonDocument.Parse(shown[1]).RootElement));
        Assert.Equal(failed.Reason, JsonDocument.Parse(shown[1]).RootElement.GetProperty("reason").GetString());
        Assert.Equal(failed.Hint, JsonDocument.Parse(shown[1]).RootElement.GetProperty("hint").GetString());
    }

    [Fact]
    public void Every_key_of_a_marker_is_known_and_the_example_is_one()
    {
        string[] keys = [.. s_docs.Rows("What a marker may say").Select(row => row[0])];

        Assert.Equal(["name", "overwrite", "expectedVersion", "requestId", "sha256", "synced", "labels", "traceparent"], keys);
        foreach (string key in keys)
        {
            // Of the wrong type, each is refused as a key that is known.
            Assert.False(MarkerText.TryParse(System.Text.Encoding.UTF8.GetBytes($"{{\"{key}\":[]}}"), out _, out string problem));
            Assert.DoesNotContain("unknown", problem, StringComparison.Ordinal);
        }
        string example = s_docs.Block("sh", "echo '").Split('\'')[1];
        Assert.True(MarkerText.TryParse(System.Text.Encoding.UTF8.GetBytes(example), out CommitOptions options, out _));
        Assert.Equal(41, options.ExpectedVersion);
    }

    [Fact]
    public async Task A_reader_with_the_lock_shown_reads_one_version_to_its_end()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();
        harness.StageFolder("site", ("a", "1"), ("b", "1"));
        harness.Mark("site");
        harness.WaitFor("site");
        string slowly = "sh -c 'cat a; : > \"$1/reading\"; while [ ! -e \"$1/go\" ]; do sleep 0.05; done; cat b' sh \"$1\"";
        string reader = s_docs.Block("sh", "flock -s").Trim().Replace("CMD", slowly, StringComparison.Ordinal);
        Task<CommandResult> reading = Task.Run(() => Command.Shell($"cd \"$1\"; {reader}", harness.Root));
        Eventually.True(() => File.Exists(Path.Combine(harness.Root, "reading")), "the reader reads");

        for (int version = 2; version <= 4; version++)
        {
            harness.StageFolder("site", ("a", $"{version}"), ("b", $"{version}"));
            harness.Mark("site");
            Assert.Equal(version, harness.WaitFor("site").Version);
        }
        await harness.Engine.PruneAsync("site");
        Assert.Single(harness.Slots());
        File.WriteAllText(Path.Combine(harness.Root, "go"), "");

        Assert.Equal("11", (await reading).Check());
        Eventually.True(() =>
        {
            harness.Engine.PruneAsync("site").Wait();
            return harness.Slots().Length == 0;
        }, "without the lock it is collected");
    }

    private static IEnumerable<string> Keys(JsonElement receipt) => receipt.EnumerateObject().Select(property => property.Name);
}
