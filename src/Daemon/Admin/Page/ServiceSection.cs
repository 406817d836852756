using AtomikD.Routes;

namespace AtomikD.Admin.Page;

/// <summary>The service itself: since when, what its start found, what is left over.</summary>
internal static class ServiceSection
{
    public static void Write(HtmlWriter html, ServiceLook look)
    {
        html.Add($"""
            <footer>
            <h2>Service</h2>
            <dl class="figures">
            <div class="figure"><dt>Version</dt><dd>{look.Version}</dd></div>
            <div class="figure"><dt>Started</dt><dd>{Parts.Moment(look.StartedAt, look.At)}</dd></div>
            {Parts.Figure("Recovered commits", Words.Number(look.RecoveredCommits), "since the start")}
            {Parts.Figure("Overflows", Words.Number(look.WatchOverflows), "of inotify's queue, each made good by a scan", isLoud: look.WatchOverflows > 0)}
            {Parts.Figure("Scans", Words.Number(look.Rescans), "of staging folders")}
            </dl>

            """);
        Recovery(html, look);
        if (look.Orphans.Count > 0)
        {
            html.Add($"""<ul class="notes">""");
            foreach ((string route, string staging, int count) in look.Orphans)
                html.Add($"<li>{Words.Count(count, "commit")} of route {route} ({Words.Safe(staging)}) {(count == 1 ? "has" : "have")} no result, and the route is not configured any more. Configure it again to have {(count == 1 ? "it" : "them")} recovered.</li>");
            html.Add($"</ul>");
        }
        html.Add($"""<p class="links"><a href="/metrics">/metrics</a> <a href="/healthz">/healthz</a> <a href="/readyz">/readyz</a></p>""");
        if (!look.ShowsNames)
            html.Add($"""<p class="ago">Names of items are not shown: <code>AdminNames = yes</code> shows them to whoever can reach this page.</p>""");
        html.Add($"</footer>\n");
    }

    private static void Recovery(HtmlWriter html, ServiceLook look)
    {
        RouteLook[] found = [.. look.Routes.Where(route => route.Recovery is { FoundSomething: true })];
        html.Add($"<h3>Recovery</h3>");
        if (found.Length == 0)
        {
            html.Add($"""<p class="ago">Nothing was left undone when the routes were opened.</p>""");
            return;
        }
        Parts.BeginTable(html, "What was found when routes were opened", "Route", "When", "Found");
        foreach (RouteLook route in found)
        {
            RecoverySummary summary = route.Recovery!;
            html.Add($"""<tr role="row">""").Cell("Route", route.Name).Cell("When", Parts.Moment(summary.At, look.At))
                .Cell("Found", Sentence(summary)).Add($"</tr>");
        }
        Parts.EndTable(html);
    }

    private static string Sentence(RecoverySummary summary)
    {
        (int Count, string What)[] parts =
        [
            (summary.Settled, "published, now settled"),
            (summary.Resumed, "claimed, gone on with"),
            (summary.PutBack, "given back to the producer"),
            (summary.Forgotten, "not begun, asked anew"),
            (summary.Closed, "told already, closed"),
            (summary.Strays, "that nobody could place, in lost+found"),
        ];
        return string.Join("; ", parts.Where(part => part.Count > 0).Select(part => $"{Words.Number(part.Count)} {part.What}"));
    }
}
