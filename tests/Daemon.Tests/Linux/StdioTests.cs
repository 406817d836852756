using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class StdioTests : IDisposable
{
    private static readonly Name s_a = Name.Of("a");
    private static readonly Name s_b = Name.Of("b");
    private readonly TempFolder _folder = new();
    private readonly Fd _root;

    public StdioTests() => _root = _folder.Open();

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Noreplace_creates_and_refuses_what_exists()
    {
        _folder.Write("a", "1");
        Assert.Equal(Errno.None, Stdio.RenameAt2(_root, s_a, _root, s_b, Stdio.RENAME_NOREPLACE));
        _folder.Write("a", "2");
        Assert.Equal(Errno.EEXIST, Stdio.RenameAt2(_root, s_a, _root, s_b, Stdio.RENAME_NOREPLACE));
        Assert.Equal("1", File.ReadAllText(_folder["b"]));
    }

    [Fact]
    public void Exchange_swaps_a_file_and_a_folder_and_refuses_what_is_absent()
    {
        _folder.Write("a", "1");
        Assert.Equal(Errno.ENOENT, Stdio.RenameAt2(_root, s_a, _root, s_b, Stdio.RENAME_EXCHANGE));
        _folder.Write("b/inside", "2");
        Assert.Equal(Errno.None, Stdio.RenameAt2(_root, s_a, _root, s_b, Stdio.RENAME_EXCHANGE));
        Assert.Equal("2", File.ReadAllText(_folder["a/inside"]));
        Assert.Equal("1", File.ReadAllText(_folder["b"]));
    }

    [Fact]
    public void Exchange_done_twice_is_undone()
    {
        _folder.Write("a", "1");
        _folder.Write("b", "2");
        Assert.Equal(Errno.None, Stdio.RenameAt2(_root, s_a, _root, s_b, Stdio.RENAME_EXCHANGE));
        Assert.Equal(Errno.None, Stdio.RenameAt2(_root, s_a, _root, s_b, Stdio.RENAME_EXCHANGE));
        Assert.Equal("1", File.ReadAllText(_folder["a"]));
    }

    [Fact]
    public void Exchange_of_one_inode_with_itself_succeeds_and_does_nothing()
    {
        _folder.Write("a", "1");
        Assert.Equal(Errno.None, Unistd.LinkAt(_root, s_a, _root, s_b));
        Assert.Equal(Errno.None, Stdio.RenameAt2(_root, s_a, _root, s_b, Stdio.RENAME_EXCHANGE));
        Assert.True(File.Exists(_folder["a"]));
        Assert.True(File.Exists(_folder["b"]));
    }

    [Fact]
    public void Plain_rename_replaces()
    {
        _folder.Write("a", "1");
        _folder.Write("b", "2");
        Assert.Equal(Errno.None, Stdio.RenameAt2(_root, s_a, _root, s_b, 0));
        Assert.Equal("1", File.ReadAllText(_folder["b"]));
        Assert.False(File.Exists(_folder["a"]));
    }

    [Fact]
    public void Another_file_system_is_told_apart()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using Fd other = disk.Open();
        _folder.Write("a", "1");
        Assert.Equal(Errno.EXDEV, Stdio.RenameAt2(_root, s_a, other, s_a, Stdio.RENAME_NOREPLACE));
    }
}
