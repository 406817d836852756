using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>The mounts of all namespaces that could be seen at one moment.</summary>
internal sealed class MountLook
{
    private readonly List<(int Pid, string Command, MountTable Mounts)> _namespaces = [];

    private MountLook(TimeSpan at) => At = at;

    /// <summary>When it was begun, by the journal's clock.</summary>
    public TimeSpan At { get; }

    public int Namespaces => _namespaces.Count;

    public static MountLook Take(TimeSpan at)
    {
        var look = new MountLook(at);
        var seen = new HashSet<string>();
        foreach (int pid in ProcFile.Processes())
        {
            // A process that was given another root sees fewer mounts than its namespace has.
            string? key = ProcFile.Link($"/proc/{pid}/ns/mnt") is { } space ? $"{space} {ProcFile.Link($"/proc/{pid}/root")}" : null;
            if (key is not null && seen.Contains(key))
                continue;
            // Mounts have numbers of their own in every namespace: equal contents are the same one.
            if (ProcFile.Read($"/proc/{pid}/mountinfo") is not { Length: > 0 } text || !seen.Add(key ?? text))
                continue;
            look._namespaces.Add((pid, ProcFile.CommandOf(pid), MountTable.Parse(text)));
        }
        return look;
    }

    /// <summary>
    /// The entries of a folder that are mounted somewhere, whole or in part, or have something mounted in them.
    /// </summary>
    public Dictionary<Name, MountUse> UsesIn(MountPlace folder)
    {
        var uses = new Dictionary<Name, MountUse>();
        foreach ((int pid, string command, MountTable mounts) in _namespaces)
        {
            foreach (Mount mount in mounts.All)
            {
                Name? entry = mount.Device == folder.Device && !mount.Root.EndsWith("//deleted"u8) ? folder.EntryOf(mount.Root) : null;
                entry ??= InsideOf(mounts, mount, folder);
                if (entry is not null)
                    uses.TryAdd(entry, new MountUse(pid, command, mount.Point.ToString()));
            }
        }
        return uses;
    }

    /// <summary>The entry in which the mount's point stands.</summary>
    private static Name? InsideOf(MountTable mounts, Mount mount, MountPlace folder)
    {
        if (mounts.Find(mount.Parent) is not { } parent || parent.Device != folder.Device)
            return null;
        return MountPlace.Within(parent, mount.Point) is { } point ? folder.EntryOf(point) : null;
    }
}
