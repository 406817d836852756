using AtomikD.Linux;

namespace AtomikD.Support;

/// <summary>
/// A folder of the test's own, removed at the end with whatever is in it: odd modes, names that are not text, deep trees.
/// Links are not followed and nothing mounted in it is entered.
/// </summary>
internal sealed class TempFolder : IDisposable
{
    private const string Prefix = "atomikd-test";
    private static readonly Lock s_sweeping = new();
    private static bool s_swept;

    public TempFolder(string? parent = null)
    {
        if (parent is null)
            Sweep();
        Path = OwnedName.Make(parent ?? System.IO.Path.GetTempPath(), Prefix);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    /// <summary>A path in the folder.</summary>
    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    public string MakeFolder(string relative) => Directory.CreateDirectory(this[relative]).FullName;

    /// <summary>Writes a file, and the folders above it where they are missing.</summary>
    public string Write(string relative, string text) => Producer.Write(this[relative], text);

    /// <summary>The folder itself, open for the system calls.</summary>
    public Fd Open() => OpenFolder(Path);

    public static Fd OpenFolder(string path)
    {
        Errno error = Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd folder);
        return error == Errno.None ? folder : throw new IOException($"{path}: {error.Describe()}");
    }

    public void Dispose() => Remove(Path);

    /// <summary>Removes a whole tree; what is already gone is no error.</summary>
    public static void Remove(string path)
    {
        string? parentPath = System.IO.Path.GetDirectoryName(path);
        if (parentPath is null || !Directory.Exists(path))
            return;
        using Fd parent = OpenFolder(parentPath);
        Errno error = RemoveTree(parent, Name.Of(System.IO.Path.GetFileName(path)));
        if (error is not (Errno.None or Errno.ENOENT))
            throw new IOException($"{path} cannot be removed: {error.Describe()}");
    }

    private static Errno RemoveTree(Fd parent, Name name)
    {
        Errno error = Fcntl.OpenBeneath(parent, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd folder);
        // A folder that its owner may not read; the path through /proc reaches it whatever its name is made of.
        if (error == Errno.EACCES &&
            Fcntl.OpenAt2(parent, name, Fcntl.O_PATH | Fcntl.O_DIRECTORY | Fcntl.O_NOFOLLOW, 0, Fcntl.RESOLVE_BENEATH, out Fd closed) == Errno.None)
        {
            using (closed)
                File.SetUnixFileMode($"/proc/self/fd/{closed.Number}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            error = Fcntl.OpenBeneath(parent, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out folder);
        }
        if (error != Errno.None)
            return error;
        using (folder)
        {
            Dirent.List(folder, int.MaxValue, out List<(Name Name, byte Type)> entries);
            foreach ((Name child, byte type) in entries)
            {
                if (Unlink(folder, child, type == Dirent.DT_DIR) is Errno.EACCES)
                {
                    Stat.FChmod(folder, 0x1C0);
                    Unlink(folder, child, type == Dirent.DT_DIR);
                }
            }
        }
        return Unistd.UnlinkAt(parent, name, Fcntl.AT_REMOVEDIR);
    }

    private static Errno Unlink(Fd folder, Name child, bool isFolder) =>
        isFolder ? RemoveTree(folder, child) : Unistd.UnlinkAt(folder, child);

    private static void Sweep()
    {
        lock (s_sweeping)
        {
            if (s_swept)
                return;
            s_swept = true;
            foreach (string leftover in OwnedName.Leftovers(System.IO.Path.GetTempPath(), Prefix))
            {
                try
                {
                    Remove(leftover);
                }
                catch (IOException)
                {
                    // Another run is at it, or something is still mounted there: the next one will see.
                }
            }
        }
    }
}
