using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Trees;

/// <summary>An item opened as the service does it: its folder, and itself.</summary>
internal sealed class Item : IDisposable
{
    static Item() => Signal.IgnoreSigio();

    public Item(string path)
    {
        Path = path;
        Above = TempFolder.OpenFolder(System.IO.Path.GetDirectoryName(path)!);
        Name = Name.Of(System.IO.Path.GetFileName(path));
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(Above, Name, Fcntl.O_RDONLY, out Fd root));
        Root = root;
        Look();
    }

    public string Path { get; }

    public Fd Above { get; }

    public Name Name { get; }

    public Fd Root { get; }

    public FileStatus Status { get; private set; }

    public void Look()
    {
        Assert.Equal(Errno.None, Stat.FStat(Root, out FileStatus status));
        Status = status;
    }

    public static FileStatus StatusOf(string path)
    {
        using Fd above = TempFolder.OpenFolder(System.IO.Path.GetDirectoryName(path)!);
        Assert.Equal(Errno.None, Stat.StatAt(above, Name.Of(System.IO.Path.GetFileName(path)), out FileStatus status));
        return status;
    }

    /// <summary>Folders one in another, made by descriptor: their path would be too long.</summary>
    public static void MakeDeep(string path, int levels, string name = "d")
    {
        Fd at = TempFolder.OpenFolder(path);
        for (int i = 0; i < levels; i++)
        {
            Assert.Equal(Errno.None, Stat.MkdirAt(at, Name.Of(name), 0x1ED));
            Assert.Equal(Errno.None, Fcntl.OpenBeneath(at, Name.Of(name), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd next));
            at.Dispose();
            at = next;
        }
        Assert.Equal(Errno.None, Fcntl.OpenAt2(at, Name.Of("leaf"), Fcntl.O_WRONLY | Fcntl.O_CREAT, 0x1A4, 0, out Fd leaf));
        Unistd.WriteAll(leaf, "leaf"u8);
        leaf.Dispose();
        at.Dispose();
    }

    /// <summary>How many descriptors the process holds now below a path.</summary>
    public static int OpenBelow(string path) =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget?.StartsWith(path, StringComparison.Ordinal) == true);

    public void Dispose()
    {
        Root.Dispose();
        Above.Dispose();
    }
}

/// <summary>A file system mounted in a test's folder.</summary>
internal sealed class TestMount : IDisposable
{
    private readonly string _path;

    private TestMount(string path) => _path = path;

    public static TestMount TmpfsOrSkip(string path)
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        Command.Run("mount", "-t", "tmpfs", "atomikd-test", path).Check();
        return new TestMount(path);
    }

    public static TestMount BindOrSkip(string from, string path)
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to mount");
        Command.Run("mount", "--bind", from, path).Check();
        return new TestMount(path);
    }

    public void Dispose() => Command.Run("umount", "--lazy", _path).Check();
}
