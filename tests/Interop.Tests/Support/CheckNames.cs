using System.Text.RegularExpressions;
using Xunit;

namespace AtomikD.Interop.Support;

/// <summary>The checks that a program in another language has, read from its source: a test for each.</summary>
internal static partial class CheckNames
{
    public static TheoryData<string> InPython(string file) => Read(Path.Combine("python", file), PythonCheck());

    public static TheoryData<string> InNode(string file) => Read(Path.Combine("node", file), NodeCheck());

    private static TheoryData<string> Read(string file, Regex check)
    {
        var names = new TheoryData<string>();
        foreach (Match match in check.Matches(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, file))))
            names.Add(match.Groups["name"].Value);
        return names;
    }

    [GeneratedRegex(@"^def check_(?<name>\w+)\(", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PythonCheck();

    [GeneratedRegex(@"^  async (?<name>\w+)\(s\)", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NodeCheck();
}
