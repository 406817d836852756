using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class DirentTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Fd _root;

    public DirentTests() => _root = _folder.Open();

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Names_that_are_not_text_come_as_they_are()
    {
        byte[][] names = [[0xFF, 0xFE], "line\nfeed"u8.ToArray(), " "u8.ToArray(), [.. Enumerable.Repeat((byte)'x', 255)], "..."u8.ToArray()];
        foreach (byte[] name in names)
            Assert.Equal(Errno.None, Stat.MknodAt(_root, Name.Of(name), Stat.S_IFREG | 0x180, 0));
        Assert.Equal(names.Select(n => Name.Of(n)).ToHashSet(), List().Select(e => e.Name).ToHashSet());
    }

    [Fact]
    public void Types_are_told()
    {
        _folder.Write("file", "");
        _folder.MakeFolder("folder");
        File.CreateSymbolicLink(_folder["link"], "nowhere");
        Assert.Equal(Errno.None, Stat.MknodAt(_root, Name.Of("fifo"), Stat.S_IFIFO | 0x180, 0));
        Assert.Equal(
            [("fifo", Dirent.DT_FIFO), ("file", Dirent.DT_REG), ("folder", Dirent.DT_DIR), ("link", Dirent.DT_LNK)],
            List().Select(e => (e.Name.ToString(), e.Type)).Order());
    }

    [Fact]
    public void More_names_than_one_call_brings_are_listed_and_again()
    {
        for (int n = 0; n < 1500; n++)
            Assert.Equal(Errno.None, Stat.MknodAt(_root, Name.Of($"a-rather-long-name-{n}"), Stat.S_IFREG | 0x180, 0));
        Assert.Equal(1500, List().Count);
        Assert.Equal(1500, List().Select(e => e.Name).Distinct().Count());
    }

    [Fact]
    public void The_visitor_ends_it()
    {
        for (int n = 0; n < 10; n++)
            _folder.Write($"{n}", "");
        Assert.Equal(Errno.None, Dirent.List(_root, 3, out List<(Name, byte)> entries));
        Assert.Equal(3, entries.Count);
    }

    [Fact]
    public void A_file_is_no_folder()
    {
        _folder.Write("file", "");
        Assert.Equal(Errno.None, Fcntl.OpenBeneath(_root, Name.Of("file"), Fcntl.O_RDONLY, out Fd file));
        using (file)
            Assert.Equal(Errno.ENOTDIR, Dirent.List(file, (_, _) => true));
    }

    private List<(Name Name, byte Type)> List()
    {
        Assert.Equal(Errno.None, Dirent.List(_root, int.MaxValue, out List<(Name, byte)> entries));
        return entries;
    }
}
