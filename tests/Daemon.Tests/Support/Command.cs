using System.Diagnostics;
using System.Text;

namespace AtomikD.Support;

/// <summary>What a program said and how it ended.</summary>
internal sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>What it printed, trimmed; throws with everything it said when it failed.</summary>
    public string Check() => Succeeded
        ? Output.Trim()
        : throw new InvalidOperationException($"{CommandLine}: exit code {ExitCode}\n{Output}{Error}");
}

/// <summary>Runs the system's own tools.</summary>
internal static class Command
{
    private static readonly string[] s_folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

    /// <summary>The full path of a tool, or null where it is not installed. The administrator's folders are looked in too.</summary>
    public static string? Find(string tool) => s_folders.Select(f => Path.Combine(f, tool)).FirstOrDefault(File.Exists);

    /// <summary>Those of the tools that are not installed, as the reason of a skip; null when all are there.</summary>
    public static string? WhyNot(params ReadOnlySpan<string> tools)
    {
        var missing = new List<string>();
        foreach (string tool in tools)
            if (Find(tool) is null)
                missing.Add(tool);
        return missing.Count == 0 ? null : $"not installed: {string.Join(", ", missing)}";
    }

    public static CommandResult Run(string tool, params string[] arguments) => Run(Prepare(tool, arguments));

    public static CommandResult Run(ProcessStartInfo start) => Run(start, TimeSpan.FromMinutes(1));

    /// <summary>A shell script with its own arguments, <c>$1</c> and so on.</summary>
    public static CommandResult Shell(string script, params string[] arguments) =>
        Run("sh", ["-euc", script, "sh", .. arguments]);

    public static ProcessStartInfo Prepare(string tool, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Find(tool) ?? tool, arguments);
        // What is parsed must not depend on the language of whoever runs the tests.
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    public static CommandResult Run(ProcessStartInfo start, TimeSpan timeout)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        string line = $"{start.FileName} {string.Join(' ', start.ArgumentList)}";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = new StringBuilder();
        var error = new StringBuilder();
        process.OutputDataReceived += (_, e) => Append(output, e.Data);
        process.ErrorDataReceived += (_, e) => Append(error, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(timeout))
        {
            process.Kill(entireProcessTree: true);
            lock (output)
                lock (error)
                    throw new TimeoutException($"{line}: still running after {timeout}\n{output}{error}");
        }
        process.WaitForExit();
        return new CommandResult(line, process.ExitCode, output.ToString(), error.ToString());
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
            lock (text)
                text.Append(line).Append('\n');
    }
}
