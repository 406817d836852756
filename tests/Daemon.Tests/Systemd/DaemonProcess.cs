using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Systemd;

/// <summary>The service as a process with a route and folders of its own, and an environment like systemd's.</summary>
internal sealed class DaemonProcess : IDisposable
{
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "atomikd");
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    /// <param name="environment">Beside the test's own.</param>
    /// <param name="script">How it is started; $1 is the program, $2 the configuration.</param>
    public DaemonProcess(IReadOnlyDictionary<string, string> environment, string script = "exec \"$1\" --config \"$2\"", string more = "")
    {
        foreach (string folder in new[] { "state", "staging", "live" })
            Config.MakeFolder(folder);
        Config.Write($"[Daemon]\nStateDirectory = $/state\nSocket = $/s\nAdmin =\n[Routes:site]\nStaging = $/staging\nTarget = $/live\nOverwrite = always\n{more}");
        ProcessStartInfo start = Command.Prepare("sh", "-euc", script, "sh", Program, Config.Main);
        foreach (string name in new[] { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM" })
            start.Environment.Remove(name);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        Output = _process.StandardOutput.ReadToEndAsync();
        Error = _process.StandardError.ReadToEndAsync();
    }

    public ConfigFolder Config { get; } = new();

    public int Id => _process.Id;

    public Task<string> Output { get; }

    public Task<string> Error { get; }

    public string Staged(string name) => Config[$"staging/{name}"];

    public void Publish(string name)
    {
        File.WriteAllText(Staged(name), "text");
        File.WriteAllText(Staged($"{name}.ready"), "");
        Eventually.True(() => !File.Exists(Staged($"{name}.ready")), "the marker goes", s_patience);
    }

    public CommandResult Reload() => Command.Run(Program, "reload", "--pid", $"{Id}");

    public int Stop()
    {
        Native.Kill(Id, 15);
        return WaitForExit();
    }

    public int WaitForExit()
    {
        Assert.True(_process.WaitForExit(s_patience), "the service ends");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        Config.Dispose();
    }
}
