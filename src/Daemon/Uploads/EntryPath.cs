using System.Text;
using AtomikD.Linux;
using AtomikD.Trees;

namespace AtomikD.Uploads;

/// <summary>Where an entry of an archive belongs: its names, from the top down.</summary>
internal static class EntryPath
{
    private const int LongestName = 255;

    /// <summary>What is wrong with the path, or null where it may be used. No names: it is the top itself.</summary>
    public static string? Read(string path, bool isFolder, List<Name> names)
    {
        names.Clear();
        if (path.Length == 0)
            return "it has no name";
        if (path[0] == '/')
            return "its name is absolute";
        if (path.Contains('\0', StringComparison.Ordinal))
            return "its name has a NUL";
        // What is not UTF-8 has been replaced by it, so the name is not the sender's.
        if (path.Contains('\uFFFD', StringComparison.Ordinal))
            return "its name is not valid UTF-8";
        if (path[^1] == '/' && !isFolder)
            return "its name ends in a slash, and it is no folder";
        foreach (string part in path.TrimEnd('/').Split('/'))
        {
            if (part.Length == 0)
                return "its name has two slashes in a row";
            if (part == "..")
                return "its name has \"..\"";
            if (part == ".")
                continue;
            if (Encoding.UTF8.GetByteCount(part) > LongestName)
                return $"its name has a part of {Encoding.UTF8.GetByteCount(part)} bytes, at most {LongestName} are possible";
            names.Add(Name.Of(part));
        }
        return names.Count > TreeWalk.MaxDepth ? $"it stands {names.Count} levels deep, at most {TreeWalk.MaxDepth} are possible" : null;
    }
}
