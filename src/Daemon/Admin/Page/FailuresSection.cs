using AtomikD.Commits;
using AtomikD.Journal;

namespace AtomikD.Admin.Page;

/// <summary>What was refused lately, and why.</summary>
internal static class FailuresSection
{
    public static void Write(HtmlWriter html, RouteLook route, ServiceLook look)
    {
        if (route.Rows is not { Failures.Count: > 0 } rows)
            return;
        html.Add($"<h3>Latest failures</h3>");
        Parts.BeginTable(html, $"Latest failures of {route.Name}", [.. look.ShowsNames ? (ReadOnlySpan<string>)["When", "Item", "Reason"] : ["When", "Reason"]]);
        foreach (FailureRow failure in rows.Failures)
        {
            html.Add($"""<tr role="row">""").Cell("When", Parts.Moment(failure.At, look.At));
            if (look.ShowsNames)
                html.Cell("Item", Parts.Name(failure.Name));
            string words = failure.Message.Length > 0 ? Words.Safe(failure.Message) : Words.Meaning(failure.Reason);
            html.Cell("Reason", new HtmlWriter().Add($"<code>{failure.Reason.WireName()}</code> {words}").ToHtml()).Add($"</tr>");
        }
        Parts.EndTable(html);
    }
}
