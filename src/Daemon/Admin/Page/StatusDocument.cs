namespace AtomikD.Admin.Page;

/// <summary>The whole page, from a look at the service.</summary>
internal static class StatusDocument
{
    public static Asset Style { get; } = Asset.Read("status.css");

    public static Asset Script { get; } = Asset.Read("status.js");

    public static string Write(ServiceLook look)
    {
        var html = new HtmlWriter();
        RouteLook[] down = [.. look.Routes.Where(route => route.Trouble is not null)];
        html.Add($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>{(down.Length > 0 ? $"✕ {down.Length} of {look.Routes.Count} routes: " : "")}AtomikD on {look.Machine}</title>
            <link rel="icon" href="/favicon.svg">
            <style>{new Html(Style.Text)}</style>
            </head>
            <body>
            <a class="skip" href="#routes">To the routes</a>

            """);
        Header(html, look, down);
        html.Add($"""<main id="routes" tabindex="-1">""");
        OverviewSection.Write(html, look);
        foreach (RouteLook route in look.Routes)
            RouteSection.Write(html, route, look);
        if (look.Routes.Count == 0)
            html.Add($"""<p class="empty">No route is configured: nothing can be committed. The configuration's <code>[Routes:NAME]</code> sections make them.</p>""");
        html.Add($"</main>");
        ServiceSection.Write(html, look);
        html.Add($"""
            <script>{new Html(Script.Text)}</script>
            </body>
            </html>

            """);
        return html.ToString();
    }

    private static void Header(HtmlWriter html, ServiceLook look, RouteLook[] down)
    {
        int toLookAt = look.Routes.Count(route => route.Trouble is null && RouteNotes.Of(route).Count > 0);
        string state = down.Length > 0 ? "bad" : toLookAt > 0 ? "note" : "ok";
        html.Add($"""
            <header>
            <p class="brand">AtomikD <span>on {look.Machine}</span></p>
            <h1 class="{state}"><span class="mark" aria-hidden="true"></span><span role="status">{Headline(look.Routes.Count, down.Length)}</span></h1>

            """);
        if (down.Length > 0)
        {
            html.Add($"""<ul class="down">""");
            foreach (RouteLook route in down)
                html.Add($"""<li><a href="#route-{route.Name}">{route.Name}</a> {Words.Safe(route.Trouble!)}</li>""");
            html.Add($"</ul>");
        }
        if (look.JournalTrouble is { } trouble)
            html.Add($"""<p class="trouble"><strong>The journal does not answer.</strong> {Words.Safe(trouble)}</p>""");
        html.Add($"""
            <p class="as-of">As of {Parts.Instant(look.At)}<span id="live" hidden></span><noscript>. Reload to update.</noscript></p>
            </header>

            """);
    }

    private static string Headline(int routes, int down) => (routes, down) switch
    {
        (0, _) => "No routes",
        (1, 0) => "The route takes commits",
        (1, 1) => "The route takes no commits",
        (_, 0) => $"All {routes} routes take commits",
        _ => $"{down} of {routes} routes {(down == 1 ? "takes" : "take")} no commits",
    };
}
