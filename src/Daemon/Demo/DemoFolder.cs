using AtomikD.Linux;

namespace AtomikD.Demo;

/// <summary>The temporary folder with all that the demo makes.</summary>
internal sealed class DemoFolder
{
    private DemoFolder(string root) => Root = root;

    public string Root { get; }

    public string Staging => Path.Combine(Root, "staging");

    public string Target => Path.Combine(Root, "live");

    public string Site => Path.Combine(Target, Producer.Item);

    public string Vault => Path.Combine(Target, ".atomikd");

    public string State => Path.Combine(Root, "state");

    public static DemoFolder Create(string parent)
    {
        var folder = new DemoFolder(Path.Combine(Path.GetFullPath(parent), $"atomikd-demo-{Guid.NewGuid():n}"[..24]));
        foreach (string path in (string[])[folder.Root, folder.Staging, folder.Target, folder.State])
            Make(path);
        return folder;
    }

    private static void Make(string path)
    {
        Errno error = Stat.MkdirAt(Fd.Cwd, Name.Of(path), 0x1C0);
        if (error != Errno.None)
            throw new IOException($"{path} cannot be made: {error.Describe()}");
    }

    /// <summary>Replaced versions in the vault.</summary>
    public IReadOnlyList<string> Slots() => [.. Directory.EnumerateDirectories(Vault).Where(path => path.Contains('~', StringComparison.Ordinal))];

    /// <summary>Deletion moves a version to the trash first.</summary>
    public bool IsCollected(int keep) => Slots().Count <= keep && !Names(Path.Combine(Vault, "trash")).Any();

    /// <summary>What an orderly stop should not have left, for people.</summary>
    public IEnumerable<string> LeftOver(int keep)
    {
        foreach (string entry in Names(Staging).Where(name => name != Producer.Item + ".done"))
            yield return $"staging/{entry}";
        foreach (string entry in Names(Target).Where(name => name is not (Producer.Item or ".atomikd")))
            yield return $"live/{entry}";
        foreach (string folder in (string[])["trash", "lost+found", "copy", "upload"])
            foreach (string entry in Names(Path.Combine(Vault, folder)))
                yield return $"live/.atomikd/{folder}/{entry}";
        if (Slots().Count > keep)
            yield return $"{Slots().Count} replaced versions, where {keep} are kept";
    }

    /// <summary>Null when nothing of it is left.</summary>
    public string? Remove()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{Root} cannot be removed: {e.Message}";
        }
    }

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName)!;
}
