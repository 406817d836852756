using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Trees;

public sealed class OwnerAndModesTests : IDisposable
{
    private const uint FileMode = 0x1A4; // 0644
    private const uint FolderMode = 0x1ED; // 0755

    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    private static Refusal? Apply(string path, uint? owner, uint? group, uint? fileMode, uint? directoryMode)
    {
        using var item = new Item(path);
        return OwnerAndModes.Apply(item.Root, item.Status, "/shown", owner, group, fileMode, directoryMode);
    }

    [Fact]
    public void Modes_reach_every_file_and_folder_and_no_link()
    {
        _temp.Write("item/a", "x");
        _temp.Write("item/sub/b", "x");
        string outside = _temp.Write("outside", "x");
        File.SetUnixFileMode(outside, UnixFileMode.UserRead);
        File.CreateSymbolicLink(_temp["item/link"], outside);
        File.SetUnixFileMode(_temp["item/sub"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_temp["item/a"], UnixFileMode.UserRead);

        Assert.Null(Apply(_temp["item"], null, null, FileMode, FolderMode));

        Assert.Equal(FolderMode, Item.StatusOf(_temp["item"]).Permissions);
        Assert.Equal(FolderMode, Item.StatusOf(_temp["item/sub"]).Permissions);
        Assert.Equal(FileMode, Item.StatusOf(_temp["item/a"]).Permissions);
        Assert.Equal(FileMode, Item.StatusOf(_temp["item/sub/b"]).Permissions);
        Assert.Equal(0x100u, Item.StatusOf(outside).Permissions);
    }

    [Fact]
    public void The_owner_reaches_everything_and_links_themselves()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to change owners");
        _temp.Write("item/sub/b", "x");
        string outside = _temp.Write("outside", "x");
        File.CreateSymbolicLink(_temp["item/link"], outside);

        Assert.Null(Apply(_temp["item"], Stranger.Uid, Stranger.Uid + 1, null, null));

        foreach (string path in (string[])["item", "item/sub", "item/sub/b", "item/link"])
        {
            Assert.Equal(Stranger.Uid, Item.StatusOf(_temp[path]).Uid);
            Assert.Equal(Stranger.Uid + 1, Item.StatusOf(_temp[path]).Gid);
        }
        Assert.Equal(0u, Item.StatusOf(outside).Uid);
    }

    [Fact]
    public void A_file_item_gets_both()
    {
        _temp.Write("item", "x");
        Assert.Null(Apply(_temp["item"], null, null, 0x120, FolderMode));
        Assert.Equal(0x120u, Item.StatusOf(_temp["item"]).Permissions);
    }

    [Theory]
    [InlineData("item")]
    [InlineData("item/sub/b")]
    public void A_hard_link_outside_is_refused_and_not_touched(string linked)
    {
        string outside = _temp.Write("outside", "x");
        File.SetUnixFileMode(outside, UnixFileMode.UserRead);
        if (linked != "item")
            _temp.MakeFolder("item/sub");
        Assert.Equal(Errno.None, Unistd.LinkAt(Fd.Cwd, Name.Of(outside), Fd.Cwd, Name.Of(_temp[linked])));

        Refusal? refusal = Apply(_temp["item"], null, null, 0x1B6, FolderMode);

        Assert.Equal(Reason.ItemUnsupported, refusal?.Reason);
        Assert.Contains(linked.Replace("item", "/shown", StringComparison.Ordinal), refusal!.Message, StringComparison.Ordinal);
        Assert.Equal(0x100u, Item.StatusOf(outside).Permissions);
    }

    [Fact]
    public void Hard_links_within_the_item_are_changed()
    {
        _temp.Write("item/a", "x");
        _temp.MakeFolder("item/sub");
        Assert.Equal(Errno.None, Unistd.LinkAt(Fd.Cwd, Name.Of(_temp["item/a"]), Fd.Cwd, Name.Of(_temp["item/sub/b"])));
        Assert.Null(Apply(_temp["item"], null, null, 0x120, null));
        Assert.Equal(0x120u, Item.StatusOf(_temp["item/a"]).Permissions);
    }

    [Fact]
    public void Access_lists_go_with_the_modes()
    {
        Assert.SkipWhen(Command.WhyNot("setfacl", "getfacl") is not null, "setfacl is not installed");
        _temp.Write("item/sub/b", "x");
        Command.Shell("cd \"$1\"; setfacl -m u:64123:rwx item/sub/b item/sub; setfacl -d -m u:64123:rwx item", _temp.Path).Check();

        Assert.Null(Apply(_temp["item"], null, null, FileMode, FolderMode));

        Assert.DoesNotContain("64123", Command.Shell("cd \"$1\"; getfacl -nR item", _temp.Path).Check(), StringComparison.Ordinal);
        Assert.Equal(FileMode, Item.StatusOf(_temp["item/sub/b"]).Permissions);
    }

    [Fact]
    public void Without_the_right_it_is_refused_and_what_needs_no_change_is_no_reason()
    {
        _temp.Write("item/a", "x");
        Command.Shell("chmod 755 \"$1\" \"$1/item\"; chmod 644 \"$1/item/a\"", _temp.Path).Check();
        FileStatus status = Item.StatusOf(_temp["item/a"]);
        Stranger.RunOrSkip(() =>
        {
            Assert.Null(Apply(_temp["item"], status.Uid, status.Gid, FileMode, FolderMode));
            Refusal? refusal = Apply(_temp["item"], Stranger.Uid, null, null, null);
            Assert.Equal(Reason.NotPermitted, refusal?.Reason);
            Assert.Contains("/shown", refusal!.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void The_root_is_given_back_as_it_was()
    {
        _temp.MakeFolder("item");
        File.SetUnixFileMode(_temp["item"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var item = new Item(_temp["item"]);
        uint? owner = Native.IsRoot ? Stranger.Uid : null;
        Assert.Null(OwnerAndModes.Apply(item.Root, item.Status, "/shown", owner, owner, null, FolderMode));
        OwnerAndModes.RestoreRoot(item.Root, item.Status);
        FileStatus after = Item.StatusOf(_temp["item"]);
        Assert.Equal((item.Status.Uid, item.Status.Gid, item.Status.Mode), (after.Uid, after.Gid, after.Mode));
    }

    [Fact]
    public void A_producer_with_a_descriptor_inside_is_locked_out()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to change owners");
        _temp.Write("item/sub/a", "x");
        Command.Shell("chmod 755 \"$1\"; chown -R 64123:64123 \"$1/item\"", _temp.Path).Check();
        using Fd inside = TempFolder.OpenFolder(_temp["item/sub"]);

        Assert.Null(Apply(_temp["item"], 0, 0, FileMode, FolderMode));

        Stranger.Run(() =>
        {
            Assert.Equal(Errno.EACCES, Unistd.UnlinkAt(inside, Name.Of("a")));
            Assert.Equal(Errno.EACCES, Stat.MkdirAt(inside, Name.Of("b"), FolderMode));
            Assert.Equal(Errno.EACCES, Fcntl.OpenBeneath(inside, Name.Of("a"), Fcntl.O_WRONLY, out _));
        });
    }
}
