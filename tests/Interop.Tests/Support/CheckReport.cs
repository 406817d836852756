using System.Diagnostics;
using System.Text.Json;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Interop.Support;

/// <summary>What a program in another language said of its checks: a line of JSON for each.</summary>
internal sealed class CheckReport
{
    private readonly Dictionary<string, JsonElement> _lines = new(StringComparer.Ordinal);
    private readonly CommandResult _result;

    private CheckReport(CommandResult result)
    {
        _result = result;
        foreach (string line in result.Output.Split('\n').Where(line => line.StartsWith('{')))
        {
            JsonElement json = JsonDocument.Parse(line).RootElement;
            _lines[json.GetProperty("check").GetString()!] = json;
        }
    }

    public static CheckReport Of(ProcessStartInfo program, TimeSpan patience) => new(Command.Run(program, patience));

    /// <summary>Fails, skips or passes the test as the program's check did.</summary>
    public void Assert(string check)
    {
        if (!_lines.TryGetValue(check, out JsonElement line))
            Xunit.Assert.Fail($"The program said nothing of {check}. It ended with {_result.ExitCode}:\n{_result.Output}{_result.Error}");
        string detail = line.GetProperty("detail").GetString()!;
        switch (line.GetProperty("outcome").GetString())
        {
            case "ok":
                return;
            case "skipped":
                Xunit.Assert.Skip(detail);
                return;
            default:
                Xunit.Assert.Fail(detail);
                return;
        }
    }
}
