using AtomikD.Configuration;

namespace AtomikD.Admin.Page;

/// <summary>One route.</summary>
internal static class RouteSection
{
    public static void Write(HtmlWriter html, RouteLook route, ServiceLook look)
    {
        IReadOnlyList<string> notes = RouteNotes.Of(route);
        RouteState state = RouteState.Of(route);
        html.Add($"""
            <article id="route-{route.Name}" class="route {state.Class}" aria-labelledby="name-{route.Name}">
            <div class="title"><h2 id="name-{route.Name}">{route.Name}</h2><p class="badge {state.Class}"><span class="mark" aria-hidden="true"></span>{state.Words}</p></div>
            <p class="paths"><code>{Words.Safe(route.Settings.Staging)}</code> <span aria-label="goes to">→</span> <code>{Words.Safe(route.Settings.Target)}</code></p>
            <p class="policy">{Policy(route)}</p>

            """);
        if (route.Trouble is { } trouble)
            html.Add($"""<p class="trouble"><strong>Nothing is committed here.</strong> {Words.Safe(trouble)}</p>""");
        if (notes.Count > 0)
        {
            html.Add($"""<ul class="notes">""");
            foreach (string note in notes)
                html.Add($"<li>{Words.Safe(note)}</li>");
            html.Add($"</ul>");
        }
        Figures(html, route, look);
        ChartSection.Write(html, route);
        FailuresSection.Write(html, route, look);
        VersionsSection.Write(html, route, look);
        UsesSection.Write(html, route, look);
        html.Add($"</article>\n");
    }

    private static string Policy(RouteLook route)
    {
        string overwrite = route.Settings.Overwrite switch
        {
            OverwritePolicy.Never => "Never replaces",
            OverwritePolicy.Always => "Replaces",
            _ => "Replaces on request",
        };
        string durability = route.IsDurable ? "on the disk before it is acknowledged"
            : route.Settings.Durability == Durability.Full ? "this file system keeps nothing over a power cut" : "not synced";
        return $"{overwrite} · {durability} · keeps {Words.Count(route.Settings.Keep, "replaced version")} for {Words.Age(route.Settings.KeepFor)} or longer";
    }

    private static void Figures(HtmlWriter html, RouteLook route, ServiceLook look)
    {
        RouteRows? rows = route.Rows;
        html.Add($"""<dl class="figures">""");
        html.Add($"{Parts.Figure("Waiting", Words.Number(route.Queue.Length), route.Queue.Length > 0 ? $"oldest for {Words.Age(route.Queue.OldestAge)}" : "")}");
        html.Add($"""
            <div class="figure"><dt>Last commit</dt><dd>{(route.LastCommitAt is { } at ? Parts.Moment(at, look.At) : new HtmlWriter().Add($"none yet").ToHtml())}</dd></div>
            """);
        html.Add($"{Parts.Figure("Since the start", Words.Count(route.Commits, "commit"), Words.Count(route.Failures, "failure"))}");
        if (rows is not null)
        {
            html.Add($"{Parts.Figure("Live names", Words.Counted(rows.LiveNames))}");
            html.Add($"{Parts.Figure("Retained", Words.Count(rows.RetainedVersions, "version"), Words.Bytes(rows.RetainedBytes))}");
            html.Add($"{Parts.Figure("To be collected", Words.Counted(rows.Backlog))}");
            if (rows.Holds.Count > 0)
                html.Add($"{Parts.Figure("Held names", Words.Number(rows.Holds.Count), "commits are refused", isLoud: true)}");
        }
        html.Add($"{Parts.Figure("Without a marker", Words.Count(route.Unmarked, "item"), route.Unmarked > 0 ? $"oldest for {Words.Age(route.UnmarkedAge)}" : "")}");
        if (route.StuckMarkers > 0)
            html.Add($"{Parts.Figure("Stuck markers", Words.Number(route.StuckMarkers), isLoud: true)}");
        if (route.LostAndFound > 0)
            html.Add($"{Parts.Figure("In lost+found", Words.Number(route.LostAndFound), isLoud: true)}");
        html.Add($"</dl>\n");
    }
}
