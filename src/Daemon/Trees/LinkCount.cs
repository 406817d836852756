using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Tells whether all names of a file are within one tree.</summary>
internal sealed class LinkCount
{
    private readonly Dictionary<(ulong Device, ulong Inode), uint> _missing = [];

    /// <summary>Notes one name of a file; true where it was the last.</summary>
    public bool Saw(in FileStatus file)
    {
        if (file.Links <= 1)
            return true;
        (ulong, ulong) key = (file.Device, file.Inode);
        uint missing = _missing.TryGetValue(key, out uint known) ? known - 1 : file.Links - 1;
        if (missing == 0)
            return _missing.Remove(key) || true;
        _missing[key] = missing;
        return false;
    }

    /// <summary>The inode of a file that has names elsewhere; null where there is none.</summary>
    public ulong? FindOutside()
    {
        foreach ((ulong _, ulong inode) in _missing.Keys)
            return inode;
        return null;
    }

    /// <summary>Goes through the tree once more for a name to tell.</summary>
    public static string FindPath(Fd root, in FileStatus rootStatus, string shownPath, ulong inode)
    {
        using var walk = new TreeWalk(root, rootStatus, shownPath, look: true);
        while (walk.Next())
            if (walk.Step == Step.Entry && walk.Status.Inode == inode)
                return walk.Path;
        return shownPath;
    }
}
