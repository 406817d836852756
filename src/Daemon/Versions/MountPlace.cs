using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>A folder by its file system and its path in that: so other mount namespaces name it, wherever they see it.</summary>
internal sealed record MountPlace(string Device, Name Path)
{
    /// <summary>Null where the folder's mount cannot be seen from here.</summary>
    public static MountPlace? Of(Fd folder)
    {
        if (MountTable.Read().Of(folder) is not { } mount)
            return null;
        if (Unistd.ReadlinkAt(Fd.Cwd, Name.Of($"/proc/self/fd/{folder.Number}"), out Name path) != Errno.None)
            return null;
        return Within(mount, path) is { } inside ? new MountPlace(mount.Device, inside) : null;
    }

    /// <summary>What stands at a path of the namespace, as a path of the file system; null where it is not on this mount.</summary>
    public static Name? Within(Mount mount, Name path)
    {
        ReadOnlySpan<byte> point = mount.Point.Bytes.TrimEnd((byte)'/');
        if (!path.Bytes.StartsWith(point))
            return null;
        ReadOnlySpan<byte> rest = path.Bytes[point.Length..];
        return rest.IsEmpty || rest[0] == (byte)'/' ? Name.Of(mount.Root.Bytes.TrimEnd((byte)'/'), rest.TrimEnd((byte)'/')) : null;
    }

    /// <summary>The folder's entry in which the path lies, or which it is; null where it lies elsewhere.</summary>
    public Name? EntryOf(Name path)
    {
        if (!path.Bytes.StartsWith(Path.Bytes) || path.Length <= Path.Length + 1 || path.Bytes[Path.Length] != (byte)'/')
            return null;
        ReadOnlySpan<byte> rest = path.Bytes[(Path.Length + 1)..];
        int slash = rest.IndexOf((byte)'/');
        return Name.Of(slash < 0 ? rest : rest[..slash]);
    }
}
