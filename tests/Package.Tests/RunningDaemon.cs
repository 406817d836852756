using System.Diagnostics;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

/// <summary>The packaged service as a process, with a route and folders of its own.</summary>
internal sealed class RunningDaemon : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("atomikd-test-run-").FullName;
    private readonly string _ctl;
    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly Task<string> _output;

    public RunningDaemon(string program)
    {
        _ctl = Path.Combine(Path.GetDirectoryName(program)!, "atomikctl");
        foreach (string folder in (string[])["staging", "live", "state"])
            Directory.CreateDirectory(this[folder]);
        File.WriteAllText(this["atomikd.conf"], $"""
            [Daemon]
            StateDirectory = {this["state"]}
            Socket = {this["s"]}
            Admin =

            [Routes:site]
            Staging = {this["staging"]}
            Target = {this["live"]}
            """);
        ProcessStartInfo start = Command.Prepare(program, "--config", this["atomikd.conf"]);
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync();
        _output = _process.StandardOutput.ReadToEndAsync();
        Eventually.True(() => _process.HasExited || Ctl("status").Succeeded, "the service answers", s_patience);
    }

    public int Id => _process.Id;

    public string this[string name] => Path.Combine(_folder, name);

    public CommandResult Ctl(params string[] arguments) => Command.Run(_ctl, [.. arguments, "--socket", this["s"]]);

    /// <summary>Commits a file by marker and returns the receipt.</summary>
    public string Drop(string name, string text, string marker = "")
    {
        File.WriteAllText(this[$"staging/{name}"], text);
        File.WriteAllText(this[$"staging/{name}.ready"], marker);
        Eventually.True(() => !File.Exists(this[$"staging/{name}.ready"]), "the marker goes", s_patience);
        string done = this[$"staging/{name}.done"];
        return File.ReadAllText(File.Exists(done) ? done : this[$"staging/{name}.failed"]);
    }

    /// <summary>SIGTERM; the exit code and all that was logged.</summary>
    public (int ExitCode, string Log) Stop()
    {
        Command.Run("kill", "-TERM", $"{_process.Id}");
        Assert.True(_process.WaitForExit(s_patience), "the service does not stop");
        return (_process.ExitCode, _output.Result + _error.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
