using System.Runtime.InteropServices;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class InotifyTests : IDisposable
{
    private const uint Mask = Inotify.IN_CLOSE_WRITE | Inotify.IN_MOVED_TO | Inotify.IN_CREATE | Inotify.IN_DELETE_SELF |
        Inotify.IN_MOVE_SELF | Inotify.IN_ONLYDIR | Inotify.IN_EXCL_UNLINK;

    private readonly TempFolder _folder = new();
    private readonly Fd _root;
    private readonly Fd _inotify;
    private readonly Fd _never;

    public InotifyTests()
    {
        _root = _folder.Open();
        Assert.Equal(Errno.None, Inotify.Init(out _inotify));
        Assert.Equal(Errno.None, Poll.EventFd(out _never));
    }

    public void Dispose()
    {
        _inotify.Dispose();
        _never.Dispose();
        _root.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Writing_renaming_and_linking_are_heard()
    {
        Watch(_folder.Path);
        _folder.Write("a", "x");
        Assert.Equal([(Inotify.IN_CREATE, "a"), (Inotify.IN_CLOSE_WRITE, "a")], Read());
        File.Move(_folder["a"], _folder["b"]);
        Assert.Equal([(Inotify.IN_MOVED_TO, "b")], Read());
        Assert.Equal(Errno.None, Unistd.LinkAt(_root, Name.Of("b"), _root, Name.Of("c")));
        Assert.Equal([(Inotify.IN_CREATE, "c")], Read());
    }

    [Fact]
    public void An_exchange_is_heard_from_both_sides()
    {
        _folder.MakeFolder("a");
        _folder.MakeFolder("b");
        Watch(_folder.Path);
        Assert.Equal(Errno.None, Stdio.RenameAt2(_root, Name.Of("a"), _root, Name.Of("b"), Stdio.RENAME_EXCHANGE));
        Assert.Equal(
            [(Inotify.IN_MOVED_TO | Inotify.IN_ISDIR, "a"), (Inotify.IN_MOVED_TO | Inotify.IN_ISDIR, "b")],
            Read().OrderBy(e => e.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void The_end_of_the_folder_is_heard()
    {
        string watched = _folder.MakeFolder("watched");
        Watch(watched);
        Directory.Move(watched, _folder["moved"]);
        Assert.Equal([(Inotify.IN_MOVE_SELF, "")], Read());
        Directory.Delete(_folder["moved"]);
        Assert.Equal([(Inotify.IN_DELETE_SELF, ""), (Inotify.IN_IGNORED, "")], Read());
    }

    [Fact]
    public void Only_folders_are_watched_and_a_watch_can_be_taken_back()
    {
        _folder.Write("file", "");
        Assert.Equal(Errno.ENOTDIR, Inotify.AddWatch(_inotify, Name.Of(_folder["file"]), Mask, out _));
        Assert.Equal(Errno.ENOENT, Inotify.AddWatch(_inotify, Name.Of(_folder["none"]), Mask, out _));
        Assert.Equal(Errno.None, Inotify.RemoveWatch(_inotify, Watch(_folder.Path)));
        Assert.Equal([(Inotify.IN_IGNORED, "")], Read());
    }

    private int Watch(string path)
    {
        Assert.Equal(Errno.None, Inotify.AddWatch(_inotify, Name.Of(path), Mask, out int watch));
        return watch;
    }

    private List<(uint Mask, string Name)> Read()
    {
        Assert.Equal(Errno.None, Poll.Wait(_inotify, _never, 5000, out bool readable, out _));
        Assert.True(readable);
        Span<byte> buffer = new byte[8192];
        Assert.Equal(Errno.None, Unistd.Read(_inotify, buffer, out int got));
        var events = new List<(uint, string)>();
        int head = Marshal.SizeOf<Inotify.inotify_event>();
        for (Span<byte> rest = buffer[..got]; !rest.IsEmpty;)
        {
            Inotify.inotify_event one = MemoryMarshal.Read<Inotify.inotify_event>(rest);
            events.Add((one.mask, Name.Of(rest.Slice(head, (int)one.len).TrimEnd((byte)0)).ToString()));
            rest = rest[(head + (int)one.len)..];
        }
        return events;
    }
}
