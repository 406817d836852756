using AtomikD.Linux;

namespace AtomikD.Configuration;

/// <summary>A folder that stands where it may not.</summary>
internal sealed record FolderConflict(string Section, string Key, string Message);

/// <summary>
/// No route's staging, target or vault may be, contain or lie in another of these, its own included, nor in the state folder:
/// else one route would publish, move or delete what is another's. The vault alone may stand in its own target, at the top.
/// </summary>
internal static class RouteFolders
{
    private sealed record Folder(string Section, string Key, string Path, FolderPlace Place)
    {
        public string Route => Section[RouteKeys.Prefix.Length..];
    }

    public static IReadOnlyList<FolderConflict> Check(Settings settings)
    {
        MountTable mounts = MountTable.Read();
        var conflicts = new List<FolderConflict>();
        var folders = new List<Folder>();
        var state = new FolderPlace(settings.Daemon.StateDirectory, mounts);
        foreach (RouteSettings route in settings.Routes)
        {
            string section = RouteKeys.Prefix + route.Name;
            Folder staging = new(section, "Staging", route.Staging, new FolderPlace(route.Staging, mounts));
            Folder target = new(section, "Target", route.Target, new FolderPlace(route.Target, mounts));
            List<Folder> own = [staging, target];
            // A vault at the top of its target conflicts with nothing that the target does not conflict with.
            if (!target.Place.IsSame(new FolderPlace(FolderPlace.Parent(route.Vault), mounts)))
                own.Add(new(section, "Vault", route.Vault, new FolderPlace(route.Vault, mounts)));
            else if (!Path.GetFileName(route.Vault).StartsWith('.'))
                conflicts.Add(new(section, "Vault", $"The vault {route.Vault} in the target has a name that an item could have. Give it one that starts with a dot, such as {RouteKeys.DefaultVault}."));

            foreach (Folder folder in own)
            {
                if (state.Contains(folder.Place))
                    conflicts.Add(new(section, folder.Key, $"{folder.Path} {(folder.Place.Contains(state) ? "is" : "lies in")} the state folder {settings.Daemon.StateDirectory}. Move one of them elsewhere."));
                else if (folder.Place.Contains(state))
                    conflicts.Add(new(section, folder.Key, $"{folder.Path} contains the state folder {settings.Daemon.StateDirectory}. Move one of them elsewhere."));
                conflicts.AddRange(folders.Select(other => Compare(folder, other)).OfType<FolderConflict>());
                folders.Add(folder);
            }
        }
        return conflicts;
    }

    private static FolderConflict? Compare(Folder folder, Folder other)
    {
        bool inside = other.Place.Contains(folder.Place);
        bool around = folder.Place.Contains(other.Place);
        if (!inside && !around)
            return null;
        string whose = other.Section == folder.Section ? "of the same route" : $"of route {other.Route}";
        string relation = inside && around ? "is the same folder as" : inside ? "lies in" : "contains";
        string how = IsPlain(folder.Path, other.Path) ? "" : ", through a link or a mount";
        return new FolderConflict(folder.Section, folder.Key,
            $"{folder.Path} {relation} the {other.Key.ToLowerInvariant()} {other.Path} {whose}{how}. Give each its own folder, none inside another.");
    }

    private static bool IsPlain(string a, string b) =>
        (a + "/").StartsWith(b + "/", StringComparison.Ordinal) || (b + "/").StartsWith(a + "/", StringComparison.Ordinal);
}
