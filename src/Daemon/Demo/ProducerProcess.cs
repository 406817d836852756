using System.Diagnostics;

namespace AtomikD.Demo;

/// <summary>The producer as its parent sees it: the same executable, asked to produce.</summary>
internal sealed class ProducerProcess : IDisposable
{
    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<Published> _published = [];
    private readonly Task _listening;
    private string? _problem;

    private ProducerProcess(Process process)
    {
        _process = process;
        _listening = Task.Factory.StartNew(Listen, TaskCreationOptions.LongRunning);
    }

    /// <summary>Ends when the producer has, for whatever reason.</summary>
    public Task Ended => _listening;

    /// <summary>What went wrong, or null.</summary>
    public string? Problem
    {
        get
        {
            lock (_lock)
                return _problem;
        }
    }

    public List<Published> Published
    {
        get
        {
            lock (_lock)
                return [.. _published];
        }
    }

    /// <summary>The newest version that was told, and how many that are.</summary>
    public (long Newest, int Count) Latest
    {
        get
        {
            lock (_lock)
                return (_published.Count == 0 ? 0 : _published[^1].Version, _published.Count);
        }
    }

    public static ProducerProcess Start(string staging, string target)
    {
        string executable = Environment.ProcessPath!;
        // Started as `dotnet atomikd.dll`, the process is dotnet and the first argument says of what.
        string[] program = Path.GetFileName(executable) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        var start = new ProcessStartInfo(executable, [.. program, DemoCommand.Word, DemoCommand.ProducerWord, staging, target])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new ProducerProcess(Process.Start(start)!);
    }

    /// <summary>Ends it after the commit in work; false where it had to be killed, because it took too long or there is no time.</summary>
    public async Task<bool> StopAsync(TimeSpan patience, CancellationToken hurry)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(Producer.StopWord);
            await _process.StandardInput.FlushAsync(CancellationToken.None);
        }
        catch (IOException)
        {
            // It has ended already.
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        limit.CancelAfter(patience);
        bool isEnded = true;
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            isEnded = false;
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        await _listening;
        return isEnded;
    }

    private void Listen()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            lock (_lock)
            {
                if (Demo.Published.Parse(line) is { } published)
                    _published.Add(published);
                else
                    _problem ??= $"the producer: {line}";
            }
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }
}
