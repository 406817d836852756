using Xunit;

namespace AtomikD.Configuration;

public sealed class ConfigurationDocsTests
{
    private static readonly string s_docs = File.ReadAllText(Path.Combine(Root(), "docs", "configuration.md"));

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "AtomikD.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder;
    }

    [Fact]
    public void Every_key_is_documented_with_its_default_in_order()
    {
        string[] rows = [.. s_docs.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => string.Join('|', l.Split('|')[1..3]))];
        IEnumerable<(string Name, string Default, bool MayBeEmpty)> keys =
            DaemonKeys.All.Select(k => (k.Name, k.Default, k.MayBeEmpty)).Concat(RouteKeys.All.Select(k => (k.Name, k.Default, k.MayBeEmpty)));
        Assert.Equal(keys.Select(k => $" `{k.Name}` | {(k.Default.Length > 0 ? $"`{k.Default}`" : k.MayBeEmpty ? "empty" : "must be given")} "), rows);
    }

    [Fact]
    public void The_example_is_a_configuration()
    {
        string example = s_docs.Split("```ini\n")[1].Split("```")[0];
        using ConfigFolder config = new ConfigFolder().Write(example);
        Assert.Empty(config.Load().Errors);
    }
}
