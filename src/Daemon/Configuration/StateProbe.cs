using AtomikD.Linux;
using AtomikD.Routes;

namespace AtomikD.Configuration;

/// <summary>Whether the state folder can keep a journal that durable routes rest on. That it is no route's folder is checked when the configuration is read.</summary>
internal static class StateProbe
{
    /// <param name="settings">Nothing is made: the daemon makes a folder that is missing.</param>
    /// <param name="severity">Of a journal that a power cut can take: a warning for the daemon, an error for a check.</param>
    public static IReadOnlyList<Finding> Run(Settings settings, Severity severity)
    {
        var findings = new List<Finding>();
        string path = settings.Daemon.StateDirectory;
        string existing = path;
        Fd folder;
        Errno errno;
        while ((errno = Fcntl.Open(Name.Of(existing), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out folder)) == Errno.ENOENT && existing != "/")
        {
            folder.Dispose();
            existing = FolderPlace.Parent(existing);
        }
        using (folder)
        {
            if (errno != Errno.None)
            {
                findings.Add(new Finding(Severity.Error, errno == Errno.ENOTDIR ? $"The state folder {path} is not a folder, or lies below something that is none." : $"The state folder {path} cannot be opened: {errno.Describe()}.",
                    $"Make it a folder of the daemon's user: install -d -m 0700 -o USER {path}"));
                return findings;
            }
            if (existing != path)
                findings.Add(new Finding(Severity.Info, $"The state folder {path} does not exist yet: the daemon makes it at its first start."));
            if (!settings.Routes.Any(r => r.Durability == Durability.Full) || SysStatfs.FStatfs(folder, out SysStatfs.statfs room) != Errno.None)
                return findings;
            string? weak = WeaknessOf(room.f_type);
            if (weak is not null)
                findings.Add(new Finding(severity, $"The state folder {path} is on {weak}: after a power cut the journal may be gone or torn, and a route has Durability = full.",
                    "Set [Daemon] StateDirectory to a folder on a local disk, or every route to Durability = none."));
        }
        return findings;
    }

    private static string? WeaknessOf(long type) =>
        type is SysStatfs.TMPFS_MAGIC or SysStatfs.RAMFS_MAGIC ? "a file system in memory"
        : type == SysStatfs.OVERLAYFS_SUPER_MAGIC ? "overlay"
        : RouteProbe.IsNetwork(type) ? "a network file system"
        : null;
}
