namespace AtomikD.Demo;

/// <summary>A document of the repository, for what a reader pastes from it.</summary>
internal sealed class Document(string path)
{
    private const string Fence = "```";

    public string Text { get; } = File.ReadAllText(Path.Combine(Root, path));

    public static string Root { get; } = FindRoot();

    /// <summary>The fenced blocks of a language, in order.</summary>
    public string[] Blocks(string language)
    {
        // Every second part is within fences.
        IEnumerable<string> fenced = Text.Split(Fence).Where((_, number) => number % 2 == 1);
        return [.. fenced.Where(block => block.StartsWith(language + "\n", StringComparison.Ordinal)).Select(block => block[(language.Length + 1)..])];
    }

    /// <summary>The one of these blocks that has the text.</summary>
    public string Block(string language, string having) => Blocks(language).Single(block => block.Contains(having, StringComparison.Ordinal));

    /// <summary>The cells of the rows of the table below a heading whose first cell is code, without its marks.</summary>
    public IEnumerable<string[]> Rows(string heading) => Text.Split($"\n## {heading}\n")[1].Split("\n## ")[0].Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Split('|')[1..^1].Select(cell => cell.Trim().Trim('`')).ToArray());

    /// <summary>Where its links lead, those within the repository.</summary>
    public IEnumerable<string> Links => Text.Split("](").Skip(1).Select(rest => rest[..rest.IndexOf(')', StringComparison.Ordinal)])
        .Where(link => !link.Contains("://", StringComparison.Ordinal) && link[0] != '#');

    private static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "AtomikD.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder;
    }
}
