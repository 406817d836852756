using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using AtomikD.Versions;
using Xunit;

namespace AtomikD.Recovery;

/// <summary>What the tests of recovery share: items of both kinds, and what must be so after every recovery.</summary>
internal static class RecoveryCase
{
    public const string Item = "site";

    /// <summary>File or folder, create or replace.</summary>
    public static TheoryData<bool, bool> Shapes { get; } = new() { { false, false }, { false, true }, { true, false }, { true, true } };

    /// <summary>A harness in which, for a replace, version 1 has been published and the engine stopped again.</summary>
    public static async Task<EngineHarness> NewAsync(bool folder, bool replace, Func<Configuration.RouteSettings, Configuration.RouteSettings>? configure = null, string? root = null)
    {
        var harness = new EngineHarness(root, configure);
        if (!replace)
            return harness;
        await harness.StartAsync();
        harness.Stage(folder, "one");
        harness.Mark(Item);
        Assert.Equal(1, harness.WaitFor(Item).Version);
        await harness.StopAsync();
        return harness;
    }

    public static void Stage(this EngineHarness harness, bool folder, string text, string name = Item) => Write(harness.Staged(name), folder, text);

    public static void Write(string path, bool folder, string text)
    {
        Producer.Write(folder ? Path.Combine(path, "index.html") : path, text);
        if (folder)
            Producer.Write(Path.Combine(path, "deep", "page"), text);
    }

    /// <summary>The contents of a whole item; null where nothing stands.</summary>
    public static string? Read(string path)
    {
        if (File.Exists(path))
            return File.ReadAllText(path);
        if (!Directory.Exists(path))
            return null;
        string text = File.ReadAllText(Path.Combine(path, "index.html"));
        Assert.Equal(text, File.ReadAllText(Path.Combine(path, "deep", "page")));
        return text;
    }

    public static string? ReadLive(this EngineHarness harness) => Read(harness.Live(Item));

    public static string? ReadStaged(this EngineHarness harness) => Read(harness.Staged(Item));

    public static bool HasMarker(this EngineHarness harness) => EngineHarness.ExistsNoFollow(harness.Staged(Item + ".ready"));

    /// <summary>Newest first, of the engine that runs.</summary>
    public static IReadOnlyList<VersionRow> Versions(this EngineHarness harness) =>
        harness.Engine.Journal.Write(false, session => session.ListVersions("site", Item, 100, 0));

    /// <summary>"2 live, 1 retained": oldest first.</summary>
    public static string History(this EngineHarness harness) =>
        string.Join(", ", harness.Versions().Reverse().Select(version => $"{version.Number} {version.State.ToString().ToLowerInvariant()}"));

    /// <summary>Restarts twice more: nothing that recovery has done is done again.</summary>
    public static async Task AssertStableAsync(this EngineHarness harness)
    {
        Assert.False(harness.HasMarker());
        string history = harness.History();
        string? live = harness.ReadLive();
        string? staged = harness.ReadStaged();
        for (int round = 0; round < 2; round++)
        {
            await harness.RestartAsync();
            Assert.Equal(history, harness.History());
            Assert.Equal(live, harness.ReadLive());
            Assert.Equal(staged, harness.ReadStaged());
            harness.AssertTidy();
        }
    }

    /// <summary>No open intent, no slot without a row, nothing in lost+found.</summary>
    public static void AssertTidy(this EngineHarness harness, int strays = 0)
    {
        Assert.Equal(strays, harness.LostAndFound().Length);
        CommitEngine engine = harness.Engine;
        Assert.Empty(engine.Journal.Write(false, session => session.OpenIntentsByVault()));
        string[] retained = [.. harness.Versions().Where(version => version.State is VersionState.Retained or VersionState.Leaving)
            .Select(version => $"{version.Slot}~{version.Name}").Order(StringComparer.Ordinal)];
        Assert.Equal(retained, harness.Slots().Where(slot => slot.EndsWith("~" + Item, StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        // A marker is taken out by a rename, and deleted a moment later.
        Eventually.True(() => !Array.Exists(harness.Slots(), slot => slot.Contains("~.", StringComparison.Ordinal)), "no marker is left in the vault");
    }

    /// <summary>The same machine after another start.</summary>
    public static EngineOptions AnotherBoot(EngineOptions options) =>
        options with { Boot = new BootInfo(Guid.NewGuid().ToString("D"), TimeProvider.System.GetUtcNow()) };
}
