using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using AtomikD.Linux;
using AtomikD.Support;

namespace AtomikD.Crash;

/// <summary>An engine in a process of its own, to be stopped at a step and killed.</summary>
internal sealed class Child : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly BlockingCollection<string> _lines = [];
    private readonly List<string> _said = [];

    /// <summary>Starts it with an engine.</summary>
    public Child(EngineHarness harness, bool durable = true, int keep = 2)
        : this() => Open(harness, durable, keep);

    public Child()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "AtomikD.CrashChild"))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Not in a folder that has to be unmounted.
            WorkingDirectory = "/",
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is null)
                _lines.CompleteAdding();
            else
                Heard(e.Data);
        };
        _process.ErrorDataReceived += (_, e) =>
        {
            // What it logs, for a failing test.
            if (e.Data is not null)
                lock (_said)
                    _said.Add(e.Data);
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts an engine over the harness's folders, and returns when its route is served.</summary>
    public void Open(EngineHarness harness, bool durable = true, int keep = 2)
    {
        BootInfo boot = harness.Options.Boot;
        string options = JsonSerializer.Serialize(new ChildOptions(harness.Root, harness.StateDirectory, durable, keep, boot.Id, boot.StartedAt));
        _process.StandardInput.WriteLine($"open {options}");
        Expect("ready");
    }

    public bool HasExited => _process.HasExited;

    /// <summary>The lane will stop after that step.</summary>
    public void Arm(string step)
    {
        _process.StandardInput.WriteLine($"arm {step}");
        Expect("armed");
    }

    /// <summary>Waits until the lane has stopped there; returns the number of its thread.</summary>
    public int WaitUntilAt(string step) => int.Parse(Expect($"at {step} ")[$"at {step} ".Length..]);

    public void Go()
    {
        _process.StandardInput.WriteLine("go");
        Expect("gone on");
    }

    /// <summary>Waits until it says so.</summary>
    public void Await(string word) => Expect(word);

    /// <summary>Its answer to a line.</summary>
    public string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        return Expect("");
    }

    /// <summary>All results are closed, as far as it lives to tell.</summary>
    public bool IsClosed()
    {
        try
        {
            return Ask("unclosed") == "0";
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Everything it has said and logged.</summary>
    public string Tell()
    {
        lock (_said)
            return string.Join('\n', _said.Where(line => line is not ("0" or "1" or "2" or "3" or "4" or "none")).TakeLast(40));
    }

    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
        _lines.Dispose();
    }

    private void Heard(string line)
    {
        lock (_said)
        {
            _said.Add(line);
            if (!_lines.IsAddingCompleted)
                _lines.Add(line);
        }
    }

    private string Expect(string start)
    {
        if (!_lines.TryTake(out string? line, s_patience) || !line.StartsWith(start, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"the child was to say \"{start}\" and said:\n{Tell()}");
        }
        return line;
    }
}
