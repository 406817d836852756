using System.Collections.Concurrent;
using System.Diagnostics;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Telemetry;

public sealed class CollectionTraceTests
{
    [Fact]
    public async Task A_pass_of_the_collection_that_deleted_something_is_a_trace_of_its_own()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EngineMetrics.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Name == "collect" ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        string route = $"r{Guid.NewGuid():N}"[..20];
        await using EngineHarness harness = await new EngineHarness(configure: site => site with { Name = route, Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();
        harness.Publish("a", "1");
        harness.Publish("a", "2");
        await harness.Engine.PruneAsync(route);

        Activity collect = Eventually.NotNull(() => ended.FirstOrDefault(activity => route.Equals(activity.GetTagItem("atomikd.route"))), "the collection's trace");
        Assert.Equal(default, collect.ParentSpanId);
        Assert.Equal(1, collect.GetTagItem("atomikd.gc.deleted"));
    }
}
