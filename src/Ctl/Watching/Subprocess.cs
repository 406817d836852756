using System.ComponentModel;
using System.Diagnostics;

namespace AtomikD.Ctl.Watching;

/// <summary>The command of a watch. Its input and output are atomikctl's own.</summary>
internal sealed class Subprocess(Session session, string[] program)
{
    private bool _hasRun;

    /// <summary>To its end, whatever happens meanwhile. False: it failed, which was told.</summary>
    public async Task<bool> RunAsync(string route, IReadOnlyList<string> names, long sequence, TimeSpan pause)
    {
        var start = new ProcessStartInfo(program[0], program[1..]) { UseShellExecute = false };
        start.Environment["ATOMIKD_ROUTE"] = route;
        start.Environment["ATOMIKD_NAMES"] = string.Join('\n', names);
        start.Environment["ATOMIKD_SEQUENCE"] = Output.Words.Number(sequence);
        string problem;
        try
        {
            using Process process = Process.Start(start)!;
            _hasRun = true;
            await process.WaitForExitAsync(CancellationToken.None);
            if (process.ExitCode == 0)
                return true;
            problem = $"{program[0]} ended with {process.ExitCode}.";
        }
        catch (Win32Exception e)
        {
            if (!_hasRun)
                throw new UsageException($"{program[0]} cannot be run: {e.Message}");
            problem = $"{program[0]} cannot be run: {e.Message}";
        }
        if (!session.Ending.IsCancellationRequested)
            session.Warn(new Failure("COMMAND_FAILED", problem, ExitCode.Ok)
            {
                Hint = $"It is run again in {Output.Words.Age(pause)}.",
                IsRetryable = true,
                Route = route,
            });
        return false;
    }
}
