using AtomikD.Support;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>What was claimed and given back within one run.</summary>
[Trait("Promise", "P5")]
public sealed class GivenBackTests
{
    [Fact]
    public async Task A_large_folder_whose_writer_is_found_after_the_claim_is_committed_once_he_has_closed()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        for (int i = 0; i < 200; i++)
            Producer.Write(harness.Staged($"site/{i % 10}/{i}"), "page");
        using (var writer = new FileStream(harness.Staged("site/9/199"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            harness.Mark("site");
            // Twice: it was claimed, found busy and given back, and asked again.
            Eventually.True(() => Assert.Single(harness.Engine.Lanes).Entered >= 2, "the item has been asked again");
        }
        Receipt receipt = harness.WaitFor("site", TimeSpan.FromSeconds(8));
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(200, receipt.Json.GetProperty("files").GetInt64());
    }
}
