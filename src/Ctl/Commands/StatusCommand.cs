using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

internal sealed class StatusCommand() : CtlCommand("status", "Tells how the daemon and the routes do that you may use, and which names are held.", """
      atomikctl status                      what is in trouble, what waits, what is held
      atomikctl status --json | jq '.routes[] | select(.healthy | not)'
    """)
{
    private static readonly Column[] s_columns =
    [
        new("ROUTE") { MayWrap = true },
        new("STATE") { IsState = true },
        new("QUEUE") { IsNumber = true },
        new("COMMITS") { IsNumber = true },
        new("FAILED") { IsNumber = true },
        new("KEPT") { IsNumber = true },
        new("SIZE") { IsNumber = true },
        new("LAST COMMIT"),
    ];

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        ServiceStatus status = await session.Asking().GetStatusAsync(session.Ending);
        if (session.IsJson)
        {
            session.Out.WriteLine(Json.Line(json => Json.Status(json, status)));
            return ExitCode.Ok;
        }
        session.Screen.Line($"atomikd {status.DaemonVersion}, started {Words.Time(status.StartedAt)}");
        if (status.Routes.Count == 0)
        {
            session.Screen.Line("There is no route that you may use.");
            return ExitCode.Ok;
        }
        session.Screen.Line("");
        session.Screen.Table(s_columns, status.Routes.Select(Row));
        foreach (RouteStatus route in status.Routes)
            Details(session.Screen, route);
        return ExitCode.Ok;
    }

    private static string[] Row(RouteStatus route) =>
    [
        route.Name,
        !route.IsHealthy ? "trouble" : route.HeldNames.Count > 0 ? "held" : route.Warnings.Count > 0 ? "warning" : "ok",
        Words.Number(route.QueueLength),
        Words.Number(route.Commits),
        Words.Number(route.Failures),
        Words.Number(route.RetainedVersions),
        Words.Bytes(route.RetainedBytes),
        route.LastCommitAt is { } at ? Words.Time(at) : "-",
    ];

    private static void Details(Screen screen, RouteStatus route)
    {
        screen.Line("");
        screen.Line($"{route.Name}: {route.Staging} -> {route.Target}");
        if (!route.IsHealthy)
            screen.Line($"  trouble: {route.Trouble}");
        foreach (string warning in route.Warnings)
            screen.Line($"  warning: {warning}");
        foreach ((string name, string reason) in route.HeldNames.OrderBy(held => held.Key, StringComparer.Ordinal))
            screen.Line(reason.Length == 0 ? $"  held: {name}" : $"  held: {name}: {reason}");
        if (route.QueueLength > 0)
            screen.Line($"  the oldest in the queue has waited {Words.Age(route.QueueOldestAge)}");
        if (route.UnmarkedItems > 0)
            screen.Line($"  {Words.Count(route.UnmarkedItems, "item")} in staging without a marker, the oldest for {Words.Age(route.UnmarkedOldestAge)}");
        if (route.StuckMarkers > 0)
            screen.Line($"  {Words.Count(route.StuckMarkers, "marker")} stuck: the receipt cannot be written");
        if (route.LostAndFound > 0)
            screen.Line($"  {route.LostAndFound} in {route.Vault}/lost+found, to be looked at");
    }
}
