using AtomikD.Journal;
using AtomikD.Versions;

namespace AtomikD.Admin.Page;

/// <summary>What is live under which name, and what rollback could bring back. Only where names may be shown.</summary>
internal static class VersionsSection
{
    private const int MostRetained = 5;

    public static void Write(HtmlWriter html, RouteLook route, ServiceLook look)
    {
        if (!look.ShowsNames || route.Rows is not { Live.Count: > 0 } rows)
            return;
        bool isAll = rows.Live.Count == rows.LiveNames;
        html.Add($"""<details id="live-{route.Name}"><summary>Live versions <span class="ago">{(isAll ? "all " : "the newest ")}{rows.Live.Count}{(isAll ? "" : $" of {Words.Counted(rows.LiveNames)}")}</span></summary>""");
        Parts.BeginTable(html, $"Live versions of {route.Name}, the newest first", "Name", "Version", "Live since", "Size", "Retained");
        var held = rows.Holds.ToDictionary(hold => hold.Name, hold => hold.Reason, StringComparer.Ordinal);
        foreach ((VersionRow row, IReadOnlyList<long> retained) in rows.Live)
        {
            html.Add($"""<tr role="row">""")
                .Cell("Name", Parts.Name(row.Name))
                .Cell("Version", new HtmlWriter().Add($"{row.Number}{(held.TryGetValue(row.Name, out string? reason) ? Held(reason) : Html.None)}").ToHtml())
                .Cell("Live since", Parts.Moment(row.CommittedAt, look.At))
                .Cell("Size", row.Kind == ItemKind.Folder ? $"{Words.Bytes(row.Bytes)} in {Words.Count(row.Files, "file")}" : Words.Bytes(row.Bytes))
                .Cell("Retained", Retained(retained))
                .Add($"</tr>");
        }
        Parts.EndTable(html);
        if (!isAll)
            html.Add($"""<p class="ago">For the others ask <code>atomikctl versions {route.Name}</code>.</p>""");
        html.Add($"</details>\n");
    }

    private static Html Held(string reason) => new HtmlWriter().Add($""" <span class="held">held: {Words.Safe(reason)}</span>""").ToHtml();

    private static string Retained(IReadOnlyList<long> numbers) => numbers.Count == 0 ? "none"
        : string.Join(", ", numbers.Take(MostRetained).Select(number => number == 0 ? "what stood there before" : $"{number}")) + (numbers.Count > MostRetained ? ", …" : "");
}
