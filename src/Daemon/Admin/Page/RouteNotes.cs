using AtomikD.Linux;

namespace AtomikD.Admin.Page;

/// <summary>What works but deserves that somebody looks at it, in words that say what to do.</summary>
internal static class RouteNotes
{
    /// <summary>What waits longer than that is worth a word.</summary>
    private static readonly TimeSpan s_longWait = TimeSpan.FromMinutes(1);

    public static IReadOnlyList<string> Of(RouteLook route)
    {
        var notes = new List<string>(route.Warnings);
        if (route.Queue.OldestAge >= s_longWait)
            notes.Add($"The oldest waiting request has been waiting for {Words.Age(route.Queue.OldestAge)}: its item is still being written, or the disk is slow.");
        if (route.StuckMarkers > 0)
            notes.Add($"{Words.Count(route.StuckMarkers, "marker")} cannot be taken away, because the outcome cannot be written beside {(route.StuckMarkers == 1 ? "it" : "them")}"
                + $"{Named(route)}. Look at the rights and the space of {route.Settings.Staging}.");
        if (route.LostAndFound > 0)
            notes.Add($"{Words.Count(route.LostAndFound, "thing")} that nobody could place {(route.LostAndFound == 1 ? "is" : "are")} in {route.Settings.Vault}/lost+found. Take back what is needed, and remove the rest.");
        if (route.Undeletable.Count > 0)
            notes.Add($"{Words.Count(route.Undeletable.Count, "replaced version")} cannot be deleted: {route.Undeletable[0].Error.Describe()}"
                + $"{(route.Undeletable[0].Path.Length > 0 ? $" ({route.Undeletable[0].Path})" : "")}. It is tried again.");
        int mounted = route.Uses.Count(use => use.MountPoint is not null);
        if (mounted > 0)
            notes.Add($"{Words.Count(mounted, "version")} {(mounted == 1 ? "is" : "are")} mounted by a process, which goes on seeing it after it was replaced. Mount the target or its parent, never an item.");
        return notes;
    }

    private static string Named(RouteLook route) =>
        route.StuckNames.Count == 0 ? "" : $" ({string.Join(", ", route.StuckNames)}{(route.StuckMarkers > route.StuckNames.Count ? ", …" : "")})";
}
