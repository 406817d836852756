using AtomikD.Engine;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Commits;

/// <summary>Each request in work holds a descriptor; a lane stops admitting before they run out.</summary>
public sealed class DescriptorLimitTests
{
    private const int Descriptors = 256;

    [Fact]
    [Trait("Promise", "P9")]
    public async Task No_more_are_in_work_than_there_are_descriptors_for()
    {
        using var firstIsIntended = new ManualResetEventSlim();
        using var mayGoOn = new ManualResetEventSlim();
        using var mayPublish = new ManualResetEventSlim();
        await using var engine = new EngineHarness { Options = new EngineOptions { Descriptors = Descriptors, Step = At } };
        await engine.StartAsync();
        Lane lane = engine.Engine.Lanes[0];
        string[] items = [.. Enumerable.Range(0, 500).Select(i => $"item-{i}")];
        try
        {
            engine.StageFile("first", "text");
            engine.Mark("first");
            Assert.True(firstIsIntended.Wait(TimeSpan.FromSeconds(30)), "the first is intended");
            foreach (string item in items)
            {
                engine.StageFile(item, "text");
                engine.Mark(item);
            }
            // The first may be seen once more meanwhile, by a scan.
            Eventually.True(() => lane.Inbox.Count >= items.Length, "all have been heard of");
            mayGoOn.Set();
            Eventually.True(() => lane.Pulses[0].State == WorkState.Held, "admission waits until there is room");
            int most = Lane.InWorkLimitOf(Descriptors);
            Assert.InRange(lane.InWork, most, 2 * most);
        }
        finally
        {
            mayGoOn.Set();
            mayPublish.Set();
        }
        Assert.All(items, item => Assert.True(engine.WaitFor(item).Succeeded));

        void At(string step)
        {
            if (step == "intended")
            {
                firstIsIntended.Set();
                mayGoOn.Wait();
            }
            else if (step == "published")
            {
                mayPublish.Wait();
            }
        }
    }

    [Theory]
    [InlineData(256, 32)]
    [InlineData(1_024, 128)]
    [InlineData(65_536, 3_072)]
    public void A_lane_takes_an_eighth_of_few_descriptors(int descriptors, int expected) => Assert.Equal(expected, Lane.InWorkLimitOf(descriptors));
}
