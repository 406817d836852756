using System.Globalization;
using AtomikD.Routes;

namespace AtomikD.Admin.Page;

/// <summary>The last hour by the minute: commits stand on the line, failures hang below it. A table says the same.</summary>
internal static class ChartSection
{
    private const int BarWidth = 10;
    private const int Gap = 2;

    /// <summary>Of the higher of the two halves.</summary>
    private const int Tall = 56;
    private const int LeastBar = 3;
    private const int Line = Tall + 4;

    public static void Write(HtmlWriter html, RouteLook route)
    {
        long commits = route.Recent.Sum(minute => (long)minute.Commits);
        long failures = route.Recent.Sum(minute => (long)minute.Failures);
        int most = Math.Max(1, route.Recent.Max(minute => Math.Max(minute.Commits, minute.Failures)));
        int deepest = route.Recent.Max(minute => minute.Failures);
        int height = Line + 1 + (deepest == 0 ? 4 : HeightOf(deepest, most) + 4);
        string summary = $"{Words.Count(commits, "commit")} and {Words.Count(failures, "failure")} in the last hour";
        if (commits + failures == 0)
        {
            html.Add($"""<p class="ago">Nothing was committed or refused in the last hour.</p>""");
            return;
        }
        html.Add($"""
            <figure class="chart"><figcaption>In the last hour <span class="key commits" aria-hidden="true">▲</span> {Words.Count(commits, "commit")} <span class="key failures" aria-hidden="true">▼</span> {Words.Count(failures, "failure")}</figcaption>
            <svg viewBox="0 0 {RecentActivity.Minutes * BarWidth} {height}" preserveAspectRatio="none" role="img" aria-label="{summary}, by the minute">
            """);
        for (int i = 0; i < route.Recent.Count; i++)
        {
            ActivityMinute minute = route.Recent[i];
            if (minute.Commits + minute.Failures == 0)
                continue;
            html.Add($"<g><title>{At(minute)} UTC: {Words.Count(minute.Commits, "commit")}, {Words.Count(minute.Failures, "failure")}</title>");
            if (minute.Commits > 0)
                html.Add($"""<rect class="commits" x="{(i * BarWidth) + (Gap / 2)}" y="{Line - HeightOf(minute.Commits, most)}" width="{BarWidth - Gap}" height="{HeightOf(minute.Commits, most)}"/>""");
            if (minute.Failures > 0)
                html.Add($"""<rect class="failures" x="{(i * BarWidth) + (Gap / 2)}" y="{Line + 1}" width="{BarWidth - Gap}" height="{HeightOf(minute.Failures, most)}"/>""");
            html.Add($"</g>");
        }
        html.Add($"""
            <rect class="line" x="0" y="{Line}" width="{RecentActivity.Minutes * BarWidth}" height="1"/></svg>
            <p class="axis" aria-hidden="true"><span>{At(route.Recent[0])}</span><span>at most {Words.Number(most)} in a minute</span><span>now</span></p>
            </figure>

            """);
        Table(html, route);
    }

    private static void Table(HtmlWriter html, RouteLook route)
    {
        html.Add($"""<details id="minutes-{route.Name}"><summary>By the minute</summary>""");
        Parts.BeginTable(html, $"Commits and failures of {route.Name} in the last hour", "Minute (UTC)", "Commits", "Failures");
        foreach (ActivityMinute minute in route.Recent.Reverse().Where(minute => minute.Commits + minute.Failures > 0))
        {
            html.Add($"""<tr role="row">""").Cell("Minute (UTC)", At(minute)).Cell("Commits", Words.Number(minute.Commits))
                .Cell("Failures", Words.Number(minute.Failures)).Add($"</tr>");
        }
        Parts.EndTable(html);
        html.Add($"</details>\n");
    }

    private static int HeightOf(int count, int most) => Math.Max(LeastBar, (int)((long)count * Tall / most));

    private static string At(ActivityMinute minute) => minute.At.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture);
}
