using AtomikD.Journal;

namespace AtomikD.Admin.Page;

/// <summary>Versions that processes hold or have mounted, and names whose commits are held.</summary>
internal static class UsesSection
{
    public static void Write(HtmlWriter html, RouteLook route, ServiceLook look)
    {
        if (route.Uses.Count > 0)
            Uses(html, route, look);
        if (look.ShowsNames && route.Rows is { Holds.Count: > 0 } rows)
            Holds(html, route, rows);
    }

    private static void Uses(HtmlWriter html, RouteLook route, ServiceLook look)
    {
        html.Add($"<h3>Versions in use</h3>");
        Parts.BeginTable(html, $"Versions of {route.Name} that are held or mounted", [.. look.ShowsNames ? (ReadOnlySpan<string>)["Name", "Version", "By"] : ["Version", "By"]]);
        foreach (VersionUse use in route.Uses)
        {
            html.Add($"""<tr role="row">""");
            if (look.ShowsNames)
                html.Cell("Name", Parts.Name(use.Version.Name));
            string how = use.MountPoint switch
            {
                null => "holds it (flock)",
                "" => "has it mounted",
                _ => $"has it mounted at {Words.Safe(use.MountPoint)}",
            };
            html.Cell("Version", $"{use.Version.Number}, {(use.Version.State == VersionState.Live ? "live" : "replaced")}")
                .Cell("By", new HtmlWriter().Add($"{Parts.Name(use.Command)} (pid {use.Pid}) {how}").ToHtml()).Add($"</tr>");
        }
        Parts.EndTable(html);
    }

    private static void Holds(HtmlWriter html, RouteLook route, RouteRows rows)
    {
        html.Add($"<h3>Held names</h3>");
        Parts.BeginTable(html, $"Names of {route.Name} whose commits are refused until atomikctl release", "Name", "Reason");
        foreach ((string name, string reason) in rows.Holds.Take(50))
            html.Add($"""<tr role="row">""").Cell("Name", Parts.Name(name)).Cell("Reason", Words.Safe(reason)).Add($"</tr>");
        Parts.EndTable(html);
    }
}
