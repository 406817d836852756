using System.Diagnostics;
using AtomikD.Support;

namespace AtomikD.Crash;

/// <summary>
/// strace on single threads of a running process: calls are counted from here on and for each thread by itself, so that
/// neither the start of the runtime nor another thread's calls come in between.
/// </summary>
internal sealed class ThreadTrace : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private readonly TempFolder _scratch = new();
    private readonly Process _strace;
    private readonly Injection? _injection;

    public ThreadTrace(IReadOnlyCollection<int> threads, Injection? injection)
    {
        _injection = injection;
        string[] filter = injection is null ? [] : ["-e", $"trace={injection.Syscall}", "-e", $"inject={injection}"];
        var start = new ProcessStartInfo(Command.Find("strace")!, ["-s", "64", "-y", "-o", _scratch["log"], .. filter, .. threads.SelectMany(thread => new[] { "-p", $"{thread}" })])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        _strace = Process.Start(start)!;
        foreach (int _ in threads)
        {
            Task<string?> line = _strace.StandardError.ReadLineAsync();
            if (!line.Wait(s_patience) || line.Result?.Contains("attached", StringComparison.Ordinal) != true)
                throw new InvalidOperationException($"strace does not attach: {(line.IsCompleted ? line.Result : "it says nothing")}");
        }
    }

    /// <summary>Lets the threads go, and returns what they did.</summary>
    public IReadOnlyList<string> Stop()
    {
        if (!_strace.HasExited)
            Native.Kill(_strace.Id, 2);
        if (!_strace.WaitForExit(s_patience))
            throw new TimeoutException("strace does not detach");
        return File.ReadAllLines(_scratch["log"]);
    }

    public bool WasInjected(IReadOnlyList<string> log) => Strace.WasInjected(log, _injection);

    public void Dispose()
    {
        if (!_strace.HasExited)
        {
            Native.Kill(_strace.Id, 2);
            _strace.WaitForExit();
        }
        _strace.Dispose();
        _scratch.Dispose();
    }
}
