using System.Text;
using AtomikD.Linux;

namespace AtomikD.Configuration;

/// <summary>
/// Where a folder lies, whatever path leads to it: by the inodes of its parents (links, and mounts of the folder itself),
/// and by its path within its file system (a bind mount of something inside a folder hides that folder's inode).
/// What does not exist yet is placed by its nearest parent that does.
/// </summary>
internal sealed class FolderPlace
{
    private readonly (ulong Device, ulong Inode)? _self;
    private readonly HashSet<(ulong Device, ulong Inode)> _chain = [];

    // Paths within file systems, of the folder and of all its parents. Latin-1 stands for bytes here.
    private readonly List<string> _locations = [];
    private readonly string? _location;

    public FolderPlace(string path, MountTable mounts)
    {
        string missing = "";
        string existing = path;
        Errno errno;
        Fd folder;
        while ((errno = Fcntl.Open(Name.Of(existing), Fcntl.O_PATH | Fcntl.O_DIRECTORY, 0, out folder)) != Errno.None && existing != "/")
        {
            folder.Dispose();
            missing = "/" + Path.GetFileName(existing) + missing;
            existing = Parent(existing);
        }
        using (folder)
        {
            if (errno != Errno.None || Unistd.ReadlinkAt(Fd.Cwd, Name.Of($"/proc/self/fd/{folder.Number}"), out Name real) != Errno.None)
                return;
            string own = Encoding.Latin1.GetString(real.Bytes);
            string below = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(missing));
            for (string at = own; ; at = Parent(at))
            {
                Name name = Name.Of(Encoding.Latin1.GetBytes(at));
                if (Stat.StatPath(name, out FileStatus status) == Errno.None)
                {
                    _chain.Add((status.Device, status.Inode));
                    if (at == own && below.Length == 0)
                        _self = (status.Device, status.Inode);
                    string location = Locate(mounts.Of(name), at);
                    if (at == own)
                        _location = location += below;
                    _locations.Add(location + "/");
                }
                if (at == "/")
                    break;
            }
        }
    }

    private static string Locate(Mount? mount, string path)
    {
        string point = mount is null ? "" : Encoding.Latin1.GetString(mount.Point.Bytes).TrimEnd('/');
        // A mount that cannot be seen from here: the path alone must do.
        if (mount is null || (path != point && !path.StartsWith(point + "/", StringComparison.Ordinal)))
            return path.TrimEnd('/');
        string root = Encoding.Latin1.GetString(mount.Root.Bytes).TrimEnd('/');
        return $"{mount.Device}:{root}{path[point.Length..].TrimEnd('/')}";
    }

    /// <summary>The other is this folder.</summary>
    public bool IsSame(FolderPlace other) => (_self is not null && _self == other._self) || (_location is not null && _location == other._location);

    /// <summary>The other is this folder or lies in it, at any depth.</summary>
    public bool Contains(FolderPlace other) => (_self is { } self && other._chain.Contains(self)) ||
        (_location is not null && other._locations.Any(l => l.StartsWith(_location + "/", StringComparison.Ordinal)));

    public static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";
}
