using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Two daemons over the same folders would take each other's slots for strays.</summary>
public sealed class SecondEngineTests
{
    [Fact]
    public async Task On_the_same_vault_it_says_who_has_it_and_takes_over_when_that_one_stops()
    {
        await using EngineHarness first = await new EngineHarness().StartAsync();
        using var state = new TempFolder();
        await using EngineHarness second = await new EngineHarness(first.Root, state: state.Path).StartAsync();

        Assert.NotNull(second.Route.Trouble);
        Assert.Contains($"in use by another daemon (pid {Environment.ProcessId})", second.Route.Trouble, StringComparison.Ordinal);
        LogRecord report = second.Log.WaitFor("RouteUnhealthy");
        Assert.Equal(LogLevel.Warning, report.Level);
        first.StillServes();
        Assert.Equal(1, first.Publish("site", "by the first").Version);
        Commits.CommitResult asked = await second.CommitAsync("site");
        Assert.Equal(Commits.Reason.Busy, asked.Refusal!.Reason);

        await first.StopAsync();
        Eventually.True(() => second.Route.Trouble is null, "the second serves");
        Assert.Single(second.Log.Records, record => record.Name == "RouteUnhealthy");
        Receipt receipt = second.Publish("site", "by the second");
        // Another journal: the number on what is live keeps it from being given twice.
        Assert.Equal(2, receipt.Version);
    }

    [Fact]
    public async Task On_the_same_state_folder_it_does_not_start()
    {
        await using EngineHarness first = await new EngineHarness().StartAsync();
        using var other = new TempFolder();
        var second = new EngineHarness(other.Path, state: first.StateDirectory);

        JournalException refused = await Assert.ThrowsAsync<JournalException>(second.StartAsync);

        Assert.Contains(first.StateDirectory, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"in use by another daemon (process {Environment.ProcessId})", refused.Message, StringComparison.Ordinal);
        first.StillServes();
        await second.DisposeAsync();
    }
}
