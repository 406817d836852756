using System.Diagnostics;
using System.Text;

namespace AtomikD.Support;

/// <summary>A program that runs under strace.</summary>
internal sealed class StracedProcess : IDisposable
{
    private readonly Process _strace;
    private readonly Injection? _injection;
    private readonly string _log;
    private readonly TempFolder _scratch;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private bool _disposed;

    public StracedProcess(Process strace, Injection? injection, string log, TempFolder scratch)
    {
        _strace = strace;
        _injection = injection;
        _log = log;
        _scratch = scratch;
        strace.OutputDataReceived += (_, e) => Append(_output, e.Data);
        strace.ErrorDataReceived += (_, e) => Append(_error, e.Data);
        strace.BeginOutputReadLine();
        strace.BeginErrorReadLine();
    }

    public bool HasExited => _strace.HasExited;

    /// <summary>The program itself; null before it runs and after it has ended.</summary>
    public int? ProgramId
    {
        get
        {
            try
            {
                string children = File.ReadAllText($"/proc/{_strace.Id}/task/{_strace.Id}/children");
                return int.TryParse(children.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(), out int id) ? id : null;
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    /// <summary>Whether the injection has happened so far.</summary>
    public bool Injected => Strace.WasInjected(ReadLog(), _injection);

    public StreamWriter Input => _strace.StandardInput;

    /// <summary>Sends the program a signal: 15 to stop it in order, 9 to kill it.</summary>
    public void Signal(int signal)
    {
        if (ProgramId is int id)
            Native.Kill(id, signal);
    }

    /// <summary>Waits for the end by itself; throws, and kills it, when the time is over.</summary>
    public StraceResult WaitForExit(TimeSpan timeout)
    {
        if (!_strace.WaitForExit(timeout))
        {
            _strace.Kill(entireProcessTree: true);
            throw new TimeoutException($"still running after {timeout}\n{Result().Tell()}");
        }
        _strace.WaitForExit();
        return Result();
    }

    /// <summary>Its state now.</summary>
    public StraceResult Result()
    {
        string[] log = ReadLog();
        return new StraceResult(_strace.HasExited ? _strace.ExitCode : -1, Strace.WasInjected(log, _injection), log, Output, Error);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_strace.HasExited)
            _strace.Kill(entireProcessTree: true);
        _strace.WaitForExit();
        _strace.Dispose();
        _scratch.Dispose();
    }

    private string[] ReadLog() => File.Exists(_log) ? File.ReadAllLines(_log) : [];

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
            lock (text)
                text.Append(line).Append('\n');
    }
}
