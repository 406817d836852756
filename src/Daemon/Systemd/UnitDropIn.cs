using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Routes;

namespace AtomikD.Systemd;

/// <summary>
/// What a route needs of the service's unit, as lines to paste. The service may write nowhere but where the unit says, and each path
/// that it names is a mount of its own: one path must hold all folders of a route.
/// </summary>
internal static class UnitDropIn
{
    public const string DefaultUnit = "atomikd.service";

    /// <summary>Below /run/systemd, or below /run/host in a container.</summary>
    private const string Inaccessible = "/inaccessible/dir";
    private const string PrivateTmp = "systemd-private-";

    private static readonly Lazy<string> s_unit = new(OwnUnit);

    /// <summary>The nearest folder that holds staging, target and vault; null where that is the root of everything.</summary>
    public static string? FolderOf(RouteSettings route)
    {
        string folder = FolderPlace.Parent(route.Staging);
        while (folder != "/" && !(Holds(folder, route.Target) && Holds(folder, route.Vault)))
            folder = FolderPlace.Parent(folder);
        return folder == "/" ? null : folder;
    }

    /// <summary>The drop-in that lets the service write to the route's folders.</summary>
    public static string For(RouteSettings route) => FolderOf(route) is { } folder
        ? Paste(route, $"ReadWritePaths=-{folder}")
        : $"put staging and target below one folder, and name that in ReadWritePaths= of {s_unit.Value}.";

    /// <summary>The drop-in that lets the service see them at all.</summary>
    public static string ToSee(RouteSettings route, string hiding) => hiding == "PrivateTmp=yes"
        ? $"Put the route elsewhere, below /srv say: what is in /tmp and /var/tmp of the host, the service does not see."
        : Paste(route, "ProtectHome=read-only", $"ReadWritePaths=-{FolderOf(route) ?? route.Staging}");

    public static bool Holds(string folder, string path) => folder == "/" || path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>The setting of the unit that has put something else over the path; null where none has.</summary>
    public static string? WhatHides(string path, MountTable mounts)
    {
        Mount? over = mounts.All.Where(mount => Holds(mount.Point.ToString(), path)).MaxBy(mount => mount.Point.Length);
        string root = over?.Root.ToString() ?? "";
        return root.EndsWith(Inaccessible, StringComparison.Ordinal) ? "ProtectHome=yes"
            : root.Contains(PrivateTmp, StringComparison.Ordinal) ? "PrivateTmp=yes"
            : null;
    }

    /// <summary>
    /// Errors for routes that are new, or have moved to other folders, and that the running service is kept from. It has the
    /// paths that it was started with: a drop-in that was added since needs a restart.
    /// </summary>
    public static IEnumerable<string> RoutesOutside(Settings now, Settings then) =>
        from route in then.Routes
        where !now.Routes.Any(old => old.Staging == route.Staging && old.Target == route.Target && old.Vault == route.Vault)
        from finding in RouteProbe.Run(route).Findings
        where finding is { Severity: Severity.Error, IsOfUnit: true }
        select $"[Routes:{route.Name}] {finding.Message}\n{finding.Hint}";

    private static string Paste(RouteSettings route, params string[] lines) =>
        $"put this into /etc/systemd/system/{s_unit.Value}.d/{route.Name}.conf, then: systemctl daemon-reload && systemctl restart {s_unit.Value}\n" +
        $"    [Service]\n    {string.Join("\n    ", lines)}";

    /// <summary>The unit of this process, by its cgroup: 0::/system.slice/atomikd.service.</summary>
    private static string OwnUnit()
    {
        try
        {
            string last = File.ReadLines("/proc/self/cgroup").Last().Split('/')[^1];
            return last.EndsWith(".service", StringComparison.Ordinal) && last.StartsWith("atomikd", StringComparison.Ordinal) ? last : DefaultUnit;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return DefaultUnit;
        }
    }
}
