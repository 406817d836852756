namespace AtomikD.Admin.Page;

/// <summary>How a route does, in a word.</summary>
/// <param name="Class">Of the style: ok, note, bad.</param>
/// <param name="Brief">For a table.</param>
/// <param name="Words">For a heading.</param>
internal sealed record RouteState(string Class, string Brief, string Words)
{
    public static RouteState Of(RouteLook route) => route.Trouble is not null ? new RouteState("bad", "No commits", "Takes no commits")
        : RouteNotes.Of(route).Count > 0 ? new RouteState("note", "Look at it", "Takes commits; look at this")
        : new RouteState("ok", "Healthy", "Takes commits");
}
