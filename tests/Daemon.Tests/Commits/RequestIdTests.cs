using AtomikD.Support;
using Xunit;

namespace AtomikD.Commits;

[Trait("Promise", "P4")]
public sealed class RequestIdTests
{
    private const string Marker = """{"requestId":"r1"}""";

    [Fact]
    public async Task A_repeated_request_is_answered_with_the_first_success_although_its_item_is_gone()
    {
        await using var harness = await new EngineHarness().StartAsync();
        Assert.Equal(1, harness.Publish("a", "one", Marker).Version);

        harness.Mark("a", Marker);
        Receipt again = harness.WaitFor("a");

        Assert.True(again.Succeeded, again.ToString());
        Assert.True(again.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal(1, again.Version);
        CommitResult call = await harness.CommitAsync("a", new CommitOptions { RequestId = "r1" });
        Assert.True(call is { Refusal: null, Repeated: true, Version.Number: 1 }, call.ToString());
    }

    [Fact]
    public async Task An_item_staged_for_a_repeated_request_is_left_where_it_is()
    {
        await using var harness = await new EngineHarness().StartAsync();
        harness.Publish("a", "one", Marker);

        Receipt again = harness.Publish("a", "two", Marker);

        Assert.True(again.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal("one", File.ReadAllText(harness.Live("a")));
        Assert.Equal("two", File.ReadAllText(harness.Staged("a")));
    }

    [Fact]
    public async Task A_busy_item_with_a_request_id_is_waited_for()
    {
        await using var harness = await new EngineHarness().StartAsync();
        harness.StageFile("a", "one");
        Task<CommitResult> call;
        using (new FileStream(harness.Staged("a"), FileMode.Open, FileAccess.Write))
        {
            call = harness.CommitAsync("a", new CommitOptions { RequestId = "r1" });
            Eventually.True(() => harness.Engine.Lanes.Any(lane => lane.Room.ParkedCount > 0) || call.IsCompleted, "the request is parked");
        }

        CommitResult result = await call;

        Assert.True(result.Refusal is null, result.ToString());
    }
}
