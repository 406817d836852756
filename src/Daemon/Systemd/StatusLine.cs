using System.Globalization;
using AtomikD.Commits;
using AtomikD.Engine;
using AtomikD.Routes;

namespace AtomikD.Systemd;

/// <summary>How the service does, in one line: routes, queue, last commit. No names of items: whoever has a login can read it.</summary>
internal static class StatusLine
{
    /// <summary>Names of routes, beyond which the line says how many more there are.</summary>
    private const int Most = 5;

    public static string Of(CommitEngine engine, LaneReport? lanes = null)
    {
        IReadOnlyList<Route> routes = engine.Routes;
        List<Route> ill = [.. routes.Where(route => route.Trouble is not null)];
        long queue = routes.Sum(route => route.Lane?.QueueOf(route).Length ?? 0);
        Route? last = routes.Where(route => route.LastCommitAt is not null).MaxBy(route => route.LastCommitAt);
        string text = ill.Count == 0
            ? $"Serving {Count(routes.Count, "route")}"
            : $"Serving {routes.Count - ill.Count} of {Count(routes.Count, "route")}, not {Names(ill)}";
        text += $"; {queue} waiting; {LastCommit(last)}";
        foreach ((Lane lane, TimeSpan wait) in lanes?.Slow ?? [])
            text += $"; the disk under {RoutesOf(engine, lane)} keeps it waiting for {wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s";
        foreach (Lane lane in lanes?.Stuck ?? [])
            text += $"; the lane of {RoutesOf(engine, lane)} is stuck";
        return text;
    }

    public static string RoutesOf(CommitEngine engine, Lane lane) => Names([.. engine.Routes.Where(route => route.Lane == lane)]);

    private static string LastCommit(Route? route) => route is null
        ? "no commit yet"
        : $"last commit {route.LastCommitAt!.Value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC on {route.Name}";

    private static string Names(List<Route> routes) =>
        string.Join(", ", routes.Take(Most).Select(route => route.Name)) + (routes.Count > Most ? $" and {routes.Count - Most} more" : "");

    private static string Count(int number, string word) => $"{number} {word}{(number == 1 ? "" : "s")}";
}
