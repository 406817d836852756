namespace AtomikD.Admin.Page;

/// <summary>All routes, a line each.</summary>
internal static class OverviewSection
{
    public static void Write(HtmlWriter html, ServiceLook look)
    {
        if (look.Routes.Count < 2)
            return;
        html.Add($"""<section class="overview" aria-label="All routes">""");
        Parts.BeginTable(html, "All routes", "Route", "State", "Waiting", "Last commit", "In the last hour");
        foreach (RouteLook route in look.Routes)
        {
            long commits = route.Recent.Sum(minute => (long)minute.Commits);
            long failures = route.Recent.Sum(minute => (long)minute.Failures);
            RouteState state = RouteState.Of(route);
            html.Add($"""<tr role="row" id="line-{route.Name}">""")
                .Cell("Route", new HtmlWriter().Add($"""<a href="#route-{route.Name}">{route.Name}</a>""").ToHtml())
                .Cell("State", new HtmlWriter().Add($"""<span class="state {state.Class}"><span class="mark" aria-hidden="true"></span>{state.Brief}</span>""").ToHtml())
                .Cell("Waiting", route.Queue.Length == 0 ? "0" : $"{Words.Number(route.Queue.Length)}, oldest for {Words.Age(route.Queue.OldestAge)}")
                .Cell("Last commit", route.LastCommitAt is { } at ? Parts.Moment(at, look.At) : new Html("none yet"))
                .Cell("In the last hour", $"{Words.Count(commits, "commit")}, {Words.Count(failures, "failure")}")
                .Add($"</tr>");
        }
        Parts.EndTable(html);
        html.Add($"</section>\n");
    }
}
