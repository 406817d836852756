using AtomikD.Support;
using Xunit;

namespace AtomikD.Recovery;

[Trait("Promise", "P5")]
public sealed class VaultEntriesTests
{
    [Fact]
    public async Task An_unknown_slot_that_is_called_like_a_receipt_is_kept()
    {
        await using var harness = await new EngineHarness().StartAsync();
        await harness.StopAsync();
        const string Slot = "0123456789abc~notes~.receipt";
        File.WriteAllText(Path.Combine(harness.VaultPath, Slot), "mine");
        // The daemon's own, written aside and never placed.
        File.WriteAllText(Path.Combine(harness.VaultPath, "0123456789abd~.receipt"), "{}");

        await harness.StartAsync();

        Assert.Equal([Slot], harness.LostAndFound());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(harness.VaultPath, "lost+found", Slot)));
        Assert.Empty(harness.Slots());
    }
}
