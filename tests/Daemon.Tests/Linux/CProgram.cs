using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AtomikD.Support;

namespace AtomikD.Linux;

/// <summary>
/// Asks the C compiler what expressions are worth under the system's headers. Expressions that the headers do not know are
/// told apart by the compiler's own messages, so no macro has to exist for anything.
/// </summary>
internal sealed partial class CProgram
{
    private readonly string[] _headers;

    public CProgram(params string[] headers) => _headers = headers;

    /// <summary>Why it cannot be used here, or null.</summary>
    public string? WhyNot()
    {
        if (Command.WhyNot("gcc") is string missing)
            return missing;
        using var folder = new TempFolder();
        CommandResult compiled = Compile(folder, []);
        return compiled.Succeeded ? null : $"headers are missing: {compiled.Error.ReplaceLineEndings(" ")}";
    }

    /// <summary>The value of each expression, as 64 bits; null where the headers do not know it.</summary>
    public IReadOnlyDictionary<string, long?> Evaluate(IEnumerable<string> expressions)
    {
        List<string> known = [.. expressions.Distinct(StringComparer.Ordinal)];
        var values = known.ToDictionary(e => e, _ => (long?)null, StringComparer.Ordinal);
        using var folder = new TempFolder();
        CommandResult compiled = Compile(folder, known);
        if (!compiled.Succeeded)
        {
            // Each expression stands on a line of its own number, so a message names the expression.
            var wrong = ErrorLine().Matches(compiled.Error).Select(m => int.Parse(m.Groups["line"].ValueSpan, CultureInfo.InvariantCulture)).ToHashSet();
            List<string> rest = [.. known.Where((_, index) => !wrong.Contains(index + 1))];
            if (rest.Count == known.Count)
                throw new InvalidOperationException(compiled.Error);
            known = rest;
            Compile(folder, known).Check();
        }
        foreach (string line in Command.Run(folder["program"]).Check().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ');
            values[known[int.Parse(parts[0], CultureInfo.InvariantCulture)]] = long.Parse(parts[1], CultureInfo.InvariantCulture);
        }
        return values;
    }

    private CommandResult Compile(TempFolder folder, List<string> expressions)
    {
        var source = new StringBuilder("#define _GNU_SOURCE\n");
        foreach (string header in _headers.Concat(["stddef.h", "stdint.h", "stdio.h"]))
            source.Append("#include <").Append(header).Append(">\n");
        source.Append("int main(void)\n{\n");
        for (int index = 0; index < expressions.Count; index++)
            source.Append("#line ").Append(index + 1).Append(" \"expression\"\n")
                .Append("{ printf(\"%d %lld\\n\", ").Append(index).Append(", (long long)(").Append(expressions[index]).Append(")); }\n");
        source.Append("return 0;\n}\n");
        File.WriteAllText(folder["program.c"], source.ToString());
        return Command.Run("gcc", "-w", "-fmax-errors=0", "-o", folder["program"], folder["program.c"]);
    }

    [GeneratedRegex(@"^expression:(?<line>\d+):\d+: error:", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ErrorLine();
}
