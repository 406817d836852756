using System.Diagnostics;
using System.Text.RegularExpressions;

namespace AtomikD.Support;

/// <summary>
/// What strace does to the process: the call number <paramref name="When"/> to <paramref name="Syscall"/> fails with
/// <paramref name="Error"/>, or a signal arrives before it takes effect. Calls are counted per thread, from 1.
/// </summary>
internal sealed record Injection(string Syscall, string Action, string When)
{
    public static Injection Error(string syscall, string errno, int when) => new(syscall, $"error={errno}", $"{when}");

    public static Injection Kill(string syscall, int when) => new(syscall, "signal=KILL", $"{when}");

    /// <summary>Every call from that one on.</summary>
    public Injection AndAfter() => this with { When = When + "+" };

    public bool IsKill => Action == "signal=KILL";

    public bool IsSignal => Action.StartsWith("signal=", StringComparison.Ordinal);

    public override string ToString() => $"{Syscall}:{Action}:when={When}";
}

/// <summary>One call in the log: the thread that made it, its name, and the line as strace wrote it.</summary>
internal sealed record TracedCall(int Thread, string Syscall, string Text);

/// <summary>How a process under strace ended, and what it did.</summary>
internal sealed record StraceResult(int ExitCode, bool Injected, IReadOnlyList<string> Log, string Output, string Error)
{
    /// <summary>The calls that returned, and the last ones of a killed process, in the order in which they began.</summary>
    public IReadOnlyList<TracedCall> Calls { get; } = [.. Log.Select(Strace.Parse).OfType<TracedCall>()];

    /// <summary>For a failing test: the end, and the last lines of the log.</summary>
    public string Tell(int lines = 40) => $"exit code {ExitCode}, injected: {Injected}\n{Output}{Error}\n{string.Join('\n', Log.TakeLast(lines))}";
}

/// <summary>Starts programs under strace, to watch their system calls or to make them fail.</summary>
internal static partial class Strace
{
    private static readonly Lazy<string?> s_whyNot = new(Try);

    /// <summary>Why it cannot be used here, or null.</summary>
    public static string? WhyNot => s_whyNot.Value;

    /// <summary>Runs to the end. The injection may be null, then the calls in <paramref name="watch"/> are only recorded.</summary>
    public static StraceResult Run(ProcessStartInfo program, Injection? injection, string watch = "", TimeSpan? timeout = null)
    {
        using StracedProcess process = Start(program, injection, watch);
        return process.WaitForExit(timeout ?? TimeSpan.FromMinutes(1));
    }

    /// <summary>Starts it; the process is strace's child and ends with it.</summary>
    /// <param name="program">As for the program alone; its output is collected.</param>
    /// <param name="injection">What is done to it; null: nothing.</param>
    /// <param name="watch">Further calls to record, separated by commas; <c>all</c> for every one.</param>
    public static StracedProcess Start(ProcessStartInfo program, Injection? injection, string watch = "")
    {
        var scratch = new TempFolder();
        string log = scratch["log"];
        var arguments = new List<string> { "-f", "-y", "-s", "64", "-o", log };
        string traced = string.Join(',', new[] { injection?.Syscall, watch }.Where(s => !string.IsNullOrEmpty(s)));
        if (traced.Length > 0 && watch != "all")
            arguments.AddRange(["-e", $"trace={traced}"]);
        // The filter lets all other calls run at full speed, but strace 6.1 loses an injected signal under it.
        if (traced.Length > 0 && watch != "all" && injection?.IsSignal != true)
            arguments.Add("--seccomp-bpf");
        if (injection is not null)
            arguments.AddRange(["-e", $"inject={injection}"]);
        arguments.AddRange(["--", program.FileName, .. program.ArgumentList]);
        var start = new ProcessStartInfo(Command.Find("strace")!, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = program.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach ((string key, string? value) in program.Environment)
            start.Environment[key] = value;
        return new StracedProcess(Process.Start(start)!, injection, log, scratch);
    }

    public static TracedCall? Parse(string line)
    {
        Match match = CallLine().Match(line);
        return match.Success ? new TracedCall(int.Parse(match.Groups["thread"].ValueSpan), match.Groups["call"].Value, line) : null;
    }

    public static bool WasInjected(IEnumerable<string> log, Injection? injection) => injection is not null && (injection.IsKill
        ? log.Any(l => l.Contains("+++ killed by SIGKILL", StringComparison.Ordinal))
        : log.Any(l => l.Contains("(INJECTED)", StringComparison.Ordinal) || l.Contains("--- SIG", StringComparison.Ordinal)));

    private static string? Try()
    {
        if (Command.WhyNot("strace") is string missing)
            return missing;
        CommandResult tried = Command.Run("strace", "-f", "--seccomp-bpf", "-e", "trace=fsync", "-o", "/dev/null", "--", "true");
        return tried.Succeeded && tried.Error.Length == 0 ? null : $"strace cannot trace here: {tried.Error.ReplaceLineEndings(" ")}";
    }

    // A resumed call was counted where it began: "1234 fsync(5</a>) = 0", "1234 fsync(5</a> <unfinished ...>".
    [GeneratedRegex(@"^(?<thread>\d+)\s+(?<call>[a-z_0-9]+)\(", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex CallLine();
}
