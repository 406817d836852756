using System.Globalization;
using System.Text;
using Spectre.Console;

namespace AtomikD.Ctl.Output;

/// <summary>Where a command writes: the answer to the output, all else to the error stream.</summary>
internal sealed class Screen
{
    private const int UsualWidth = 80;
    private const int LeastWidth = 20;

    private readonly bool _isColoured;
    private readonly int _width;

    public Screen()
    {
        bool isTerminal = IsTerminal(Console.IsOutputRedirected);
        _isColoured = isTerminal && !NoColour;
        _width = int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int columns) && columns > 0
            ? Math.Max(columns, LeastWidth)
            : isTerminal && Console.WindowWidth > 0 ? Math.Max(Console.WindowWidth, LeastWidth) : UsualWidth;
        Out = new StreamWriter(new StandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 16 * 1024) { NewLine = "\n" };
    }

    public TextWriter Out { get; }

    /// <summary>Whether progress can be shown.</summary>
    public static bool HasProgress => IsTerminal(Console.IsErrorRedirected);

    private static bool NoColour => Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    /// <summary>For a spinner or a bar.</summary>
    public static IAnsiConsole NewProgressConsole()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = NoColour ? ColorSystemSupport.NoColors : ColorSystemSupport.Standard,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(Console.Error),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        // What the error stream is, not what becomes of the output.
        console.Profile.Width = Math.Max(LeastWidth, Console.WindowWidth > 0 ? Console.WindowWidth : UsualWidth);
        return console;
    }

    public void Line(string text) => Out.WriteLine(Words.Safe(text));

    public void Table(IReadOnlyList<Column> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        Table table = new Table().Border(TableBorder.None);
        for (int i = 0; i < columns.Count; i++)
        {
            TableColumn column = new TableColumn(new Text(columns[i].Title, new Style(decoration: Decoration.Bold)))
                .PadLeft(0).PadRight(i == columns.Count - 1 ? 0 : 2);
            if (columns[i].IsNumber)
                column.RightAligned();
            if (!columns[i].MayWrap)
                column.NoWrap();
            table.AddColumn(column);
        }
        foreach (IReadOnlyList<string> row in rows)
            table.AddRow(row.Select((cell, i) => new Text(Words.Safe(cell), StyleOf(cell, columns[i])) { Overflow = Overflow.Fold }));
        using var text = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = _isColoured ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = _isColoured ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = _width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(table);
        foreach (string line in text.ToString().TrimEnd('\n').Split('\n'))
            Out.WriteLine(line.TrimEnd());
    }

    private static Style StyleOf(string cell, Column column) => !column.IsState ? Style.Plain : cell switch
    {
        "ok" or "live" => new Style(Color.Green),
        "trouble" or "failed" => new Style(Color.Red),
        "held" or "warning" => new Style(Color.Yellow),
        _ => Style.Plain,
    };

    private static bool IsTerminal(bool isRedirected) => !isRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}

/// <summary>A column of a table. Numbers stand at the right, names wrap where there is no room.</summary>
internal sealed record Column(string Title)
{
    public bool IsNumber { get; init; }

    public bool MayWrap { get; init; }

    public bool IsState { get; init; }
}
