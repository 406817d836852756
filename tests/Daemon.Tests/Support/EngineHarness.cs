using System.Text.Json;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Routes;
using Microsoft.Extensions.Logging;

namespace AtomikD.Support;

/// <summary>
/// A real engine over folders of the test's own: one route called "site" unless the test says otherwise. Disposing it stops
/// the engine in order and fails the test on an error that it did not expect.
/// </summary>
internal sealed class EngineHarness : IAsyncDisposable
{
    private readonly TempFolder? _ownFolder;
    private readonly ILoggerFactory _loggers;

    public EngineHarness(string? root = null, Func<RouteSettings, RouteSettings>? configure = null, string? state = null)
    {
        if (root is null)
        {
            _ownFolder = new TempFolder();
            root = _ownFolder.Path;
        }
        Root = root;
        StateDirectory = state ?? Directory.CreateDirectory(Path.Combine(root, "state")).FullName;
        Directory.CreateDirectory(Path.Combine(root, "staging"));
        Directory.CreateDirectory(Path.Combine(root, "live"));
        string target = Path.Combine(root, "live");
        var route = new RouteSettings { Name = "site", Staging = Path.Combine(root, "staging"), Target = target, Vault = Path.Combine(target, ".atomikd"), Overwrite = OverwritePolicy.Always };
        Settings = new Settings
        {
            Daemon = new DaemonSettings { StateDirectory = StateDirectory },
            Routes = [configure?.Invoke(route) ?? route],
        };
        Staging = Settings.Routes[0].Staging;
        Target = Settings.Routes[0].Target;
        _loggers = Log.NewFactory();
    }

    public string Root { get; }

    public string Staging { get; }

    public string Target { get; }

    public string StateDirectory { get; }

    public string VaultPath => Settings.Routes[0].Vault;

    public Settings Settings { get; set; }

    public EngineOptions Options { get; set; } = new();

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public LogWatch Log { get; } = new();

    public CommitEngine Engine { get; private set; } = null!;

    public Route Route => Engine.FindRoute("site")!;

    public async Task<EngineHarness> StartAsync()
    {
        Engine = await CommitEngine.StartAsync(Settings, Options, Time, _loggers.CreateLogger("engine"));
        return this;
    }

    public async Task StopAsync() => await Engine.StopAsync();

    /// <summary>Stops and starts again, over the same folders.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>Before the start: how often staging is listed for what the kernel did not tell.</summary>
    public EngineHarness RescanEvery(TimeSpan pause)
    {
        Settings = Settings with { Daemon = Settings.Daemon with { Rescan = pause } };
        return this;
    }

    public string Staged(string name) => Path.Combine(Staging, name);

    public string Live(string name) => Path.Combine(Target, name);

    public void StageFile(string name, string text) => File.WriteAllText(Staged(name), text);

    public void StageFolder(string name, params (string File, string Text)[] files)
    {
        Directory.CreateDirectory(Staged(name));
        foreach ((string file, string text) in files)
        {
            string path = Path.Combine(Staged(name), file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }

    public void Mark(string name, string text = "") => File.WriteAllText(Staged(name + ".ready"), text);

    /// <summary>Waits until the marker has gone, and returns the receipt there is: done or failed.</summary>
    public Receipt WaitFor(string name, TimeSpan? timeout = null)
    {
        Eventually.True(() => !ExistsNoFollow(Staged(name + ".ready")), $"the marker of {name} goes", timeout ?? TimeSpan.FromMinutes(1));
        return ReadReceipt(name) ?? throw new InvalidOperationException($"no receipt of {name}");
    }

    public Receipt? ReadReceipt(string name)
    {
        bool done = File.Exists(Staged(name + ".done"));
        bool failed = File.Exists(Staged(name + ".failed"));
        if (done && failed)
            throw new InvalidOperationException($"{name} has both receipts");
        if (!done && !failed)
            return null;
        return new Receipt(done, JsonDocument.Parse(File.ReadAllText(Staged(name + (done ? ".done" : ".failed")))).RootElement);
    }

    public Receipt Publish(string name, string text, string marker = "")
    {
        StageFile(name, text);
        Mark(name, marker);
        return WaitFor(name);
    }

    public Receipt PublishFolder(string name, string text, string marker = "")
    {
        StageFolder(name, ("index.html", text));
        Mark(name, marker);
        return WaitFor(name);
    }

    public Task<CommitResult> CommitAsync(string source, CommitOptions? options = null) =>
        Engine.CommitAsync("site", source, options ?? CommitOptions.None, 0, CancellationToken.None);

    /// <summary>Names in the vault that are slots.</summary>
    public string[] Slots() => [.. Directory.EnumerateFileSystemEntries(VaultPath).Select(Path.GetFileName).Where(name => name!.Contains('~'))!];

    public string[] LostAndFound() => [.. Directory.EnumerateFileSystemEntries(Path.Combine(VaultPath, "lost+found")).Select(Path.GetFileName)!];

    public static bool ExistsNoFollow(string path) => Stat.StatAt(Fd.Cwd, Name.Of(path), out _) == Errno.None;

    public async ValueTask DisposeAsync()
    {
        if (Engine is not null)
            await Engine.StopAsync();
        _loggers.Dispose();
        _ownFolder?.Dispose();
        Log.AssertNoUnexpectedErrors();
    }
}

/// <summary>What NAME.done or NAME.failed said.</summary>
internal sealed record Receipt(bool Succeeded, JsonElement Json)
{
    public string? Reason => Json.TryGetProperty("reason", out JsonElement reason) ? reason.GetString() : null;

    public string Message => Json.TryGetProperty("message", out JsonElement message) ? message.GetString()! : "";

    public string Hint => Json.GetProperty("hint").GetString()!;

    public string? Item => Json.GetProperty("item").GetString();

    public long Version => Json.GetProperty("version").GetInt64();

    public override string ToString() => Json.ToString();
}
