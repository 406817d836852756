using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>
/// One engine for the tests of a class, each of which uses names of its own. It never scans again after the start: what it
/// does not hear of is never served, and the test that dropped it fails.
/// </summary>
public sealed class ServedRoute : IAsyncLifetime
{
    private static int s_lastName;

    internal EngineHarness Harness { get; private set; } = null!;

    /// <summary>Open until a test closes it.</summary>
    internal PublishGate Gate { get; } = new();

    /// <summary>A name that no other test uses.</summary>
    public static string NewName() => $"item-{Interlocked.Increment(ref s_lastName)}";

    public async ValueTask InitializeAsync()
    {
        Harness = new EngineHarness(configure: route => route with { Durability = Durability.None }) { Options = new EngineOptions { Step = Gate.At } };
        await Harness.RescanEvery(TimeSpan.FromHours(1)).StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Gate.Dispose();
        await Harness.DisposeAsync();
    }
}
