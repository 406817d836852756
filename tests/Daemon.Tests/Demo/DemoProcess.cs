using System.Diagnostics;
using System.Text.Json;
using AtomikD.Support;

namespace AtomikD.Demo;

/// <summary><c>atomikd demo</c> as a user starts it, in a folder of the test's own.</summary>
internal sealed class DemoProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    public DemoProcess(string parent, double seconds, bool byDotnet = false, params string[] more)
    {
        Parent = parent;
        string[] program = byDotnet ? ["dotnet", Executable + ".dll"] : [Executable];
        _process = Process.Start(new ProcessStartInfo(program[0], [.. program[1..], "demo", "--folder", parent, "--seconds", $"{seconds}", .. more])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    public static string Executable => Path.Combine(AppContext.BaseDirectory, "atomikd");

    public string Parent { get; }

    public string Output => _output.Result;

    public string Error => _error.Result;

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public bool IsRunning => !_process.HasExited;

    /// <summary>The folder of the demo.</summary>
    public string Root => Directory.EnumerateDirectories(Parent).Single();

    public string Site => Path.Combine(Root, "live", "site");

    public void WaitUntilLive() => Eventually.True(() => !IsRunning || (Directory.EnumerateDirectories(Parent).Any() && Directory.Exists(Site)), "the demo's folder is live", s_patience);

    /// <summary>Process ids of producers over this folder.</summary>
    public List<int> Producers()
    {
        var found = new List<int>();
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[6])))
        {
            try
            {
                string line = File.ReadAllText(Path.Combine(folder, "cmdline"));
                if (line.Contains("\0produce\0" + Parent, StringComparison.Ordinal))
                    found.Add(int.Parse(Path.GetFileName(folder)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has gone, or is another user's.
            }
        }
        return found;
    }

    public void Signal(string name, params int[] alsoTo) => Command.Run("kill", ["-s", name, $"{_process.Id}", .. alsoTo.Select(id => $"{id}")]).Check();

    /// <summary>The exit code.</summary>
    public int Wait()
    {
        if (!_process.WaitForExit(s_patience))
            throw new TimeoutException("the demo is still running");
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (IsRunning)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
