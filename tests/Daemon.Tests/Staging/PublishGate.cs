using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>
/// Keeps a lane from publishing, so that a test can act between the claim of an item and the one rename: the thread that
/// publishes stands at the end of an earlier batch.
/// </summary>
internal sealed class PublishGate : IDisposable
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly ManualResetEventSlim _reached = new();

    /// <summary>For the engine's options.</summary>
    public void At(string step)
    {
        if (step != "acknowledged" || _open.IsSet)
            return;
        _reached.Set();
        _open.Wait(TimeSpan.FromMinutes(1));
    }

    /// <summary>From here everything is admitted, claimed and sealed, and nothing published.</summary>
    public PublishGate Close(EngineHarness harness)
    {
        _reached.Reset();
        _open.Reset();
        string name = ServedRoute.NewName();
        harness.StageFile(name, "holds the gate");
        harness.Mark(name);
        Assert.True(_reached.Wait(TimeSpan.FromMinutes(1)), "the publishing thread stands");
        return this;
    }

    public void Open() => _open.Set();

    public void Dispose() => Open();

    /// <summary>Stages a file, marks it, and waits until it is claimed.</summary>
    public static string Claim(EngineHarness harness, string name, string marker = "")
    {
        harness.StageFile(name, "staged");
        string before = Drop.Snapshot(harness.Staged(name));
        harness.Mark(name, marker);
        Eventually.True(() => !File.Exists(harness.Staged(name)), $"{name} is claimed");
        return before;
    }
}
