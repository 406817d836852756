using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Trees;

public sealed class TreeDeleteTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    private DeleteResult Delete(string name, Action<int>? pause = null)
    {
        using Fd folder = _temp.Open();
        return TreeDelete.Delete(folder, Name.Of(name), pause);
    }

    [Fact]
    public void A_tree_of_every_kind_goes_and_nothing_that_it_points_to()
    {
        string outside = _temp.Write("outside/kept", "x");
        _temp.Write("old/a/b/c", new string('x', 10_000));
        _temp.Write("old/d", "x");
        File.CreateSymbolicLink(_temp["old/link"], _temp["outside"]);
        File.CreateSymbolicLink(_temp["old/a/link"], outside);
        Command.Shell("cd \"$1\"; mkfifo fifo; touch \"$(printf 'a\\377\\nb')\"", _temp["old"]).Check();

        DeleteResult result = Delete("old");

        Assert.Equal(new DeleteResult(9, result.Bytes, Errno.None, null), result);
        Assert.True(result.Bytes >= 10_000);
        Assert.False(Path.Exists(_temp["old"]));
        Assert.True(File.Exists(outside));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link")]
    [InlineData("fifo")]
    [InlineData("folder")]
    public void One_thing_goes(string name)
    {
        _temp.Write("file", "x");
        _temp.MakeFolder("folder");
        File.CreateSymbolicLink(_temp["link"], "file");
        Command.Shell("mkfifo \"$1\"", _temp["fifo"]).Check();
        DeleteResult result = Delete(name);
        Assert.Equal((1, Errno.None), (result.Entries, result.Error));
        Assert.Equal(3, Directory.GetFileSystemEntries(_temp.Path).Length);
    }

    [Fact]
    public void What_is_gone_is_no_error() => Assert.Equal(new DeleteResult(0, 0, Errno.None, null), Delete("nothing"));

    [Fact]
    public void A_file_with_another_name_is_only_unlinked()
    {
        string outside = _temp.Write("outside", "kept");
        File.SetUnixFileMode(outside, UnixFileMode.UserRead);
        _temp.MakeFolder("old");
        Assert.Equal(Errno.None, Unistd.LinkAt(Fd.Cwd, Name.Of(outside), Fd.Cwd, Name.Of(_temp["old/link"])));
        using FileStream reader = File.OpenRead(_temp.Write("old/read", "still read"));

        DeleteResult result = Delete("old");

        Assert.Equal(Errno.None, result.Error);
        Assert.Equal("kept", File.ReadAllText(outside));
        Assert.Equal(0x100u, Item.StatusOf(outside).Permissions);
        Assert.Equal("still read", new StreamReader(reader).ReadToEnd());
        Assert.True(result.Bytes < 8192, "only the file whose last name went frees anything");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_mount_is_not_entered_and_the_rest_goes(bool bind)
    {
        _temp.Write("outside/kept", "x");
        _temp.MakeFolder("old/sub/mnt");
        _temp.Write("old/sub/a", "x");
        _temp.Write("old/z/b", "x");
        using (TestMount mount = bind ? TestMount.BindOrSkip(_temp["outside"], _temp["old/sub/mnt"]) : TestMount.TmpfsOrSkip(_temp["old/sub/mnt"]))
        {
            if (!bind)
                _temp.Write("old/sub/mnt/kept", "x");

            DeleteResult result = Delete("old");

            Assert.Equal(new DeleteResult(3, result.Bytes, Errno.EBUSY, "old/sub/mnt"), result);
            Assert.True(File.Exists(_temp["old/sub/mnt/kept"]));
            Assert.Equal(["sub"], Directory.GetFileSystemEntries(_temp["old"]).Select(Path.GetFileName));
        }
        Assert.True(File.Exists(_temp["outside/kept"]));
        Assert.Equal(Errno.None, Delete("old").Error);
    }

    [Fact]
    public void A_file_that_is_a_mount_point_stays()
    {
        _temp.Write("outside", "kept");
        _temp.Write("old/mnt", "");
        _temp.Write("old/z", "");
        using TestMount mount = TestMount.BindOrSkip(_temp["outside"], _temp["old/mnt"]);
        DeleteResult result = Delete("old");
        Assert.Equal(new DeleteResult(1, 0, Errno.EBUSY, "old/mnt"), result);
    }

    [Fact]
    public void The_thing_itself_may_be_a_mount_point()
    {
        _temp.MakeFolder("old");
        using TestMount mount = TestMount.TmpfsOrSkip(_temp["old"]);
        _temp.Write("old/kept", "x");
        Assert.Equal(new DeleteResult(0, 0, Errno.EBUSY, "old"), Delete("old"));
        Assert.True(File.Exists(_temp["old/kept"]));
    }

    [Fact]
    public void It_pauses_after_256_unlinks_at_the_latest()
    {
        for (int i = 0; i < 1000; i++)
            _temp.Write($"old/{i % 3}/{i}", "");
        int left = 1004;
        var pauses = new List<int>();
        DeleteResult result = Delete("old", unlinked =>
        {
            pauses.Add(unlinked);
            int now = Directory.EnumerateFileSystemEntries(_temp["old"], "*", SearchOption.AllDirectories).Count() + 1;
            Assert.Equal(left - unlinked, now);
            left = now;
        });
        Assert.Equal(1004, result.Entries);
        Assert.Equal([256, 256, 256], pauses);
    }

    [Fact]
    public void A_deep_tree_costs_few_descriptors()
    {
        _temp.MakeFolder("old/0");
        Item.MakeDeep(_temp["old"], 1500);
        // A second branch half way down: the way back up must find the folder again and go on in it.
        for (int i = 0; i < 5; i++)
            Item.MakeDeep(_temp["old/d/d/d"], 200, $"branch{i}");
        int most = 0;
        DeleteResult result = Delete("old", _ => most = Math.Max(most, Item.OpenBelow(_temp.Path)));
        Assert.Equal(new DeleteResult(1 + 1 + 1500 + 1 + (5 * 201), result.Bytes, Errno.None, null), result);
        Assert.InRange(most, 1, 65);
    }

    [Fact]
    public void Folders_that_their_owner_may_not_search_or_write_are_opened_up()
    {
        _temp.Write("old/closed/in/a", "x");
        _temp.Write("old/readonly/in/b", "x");
        Command.Shell("cd \"$1\"; chmod 555 old/readonly/in old/readonly; chmod 444 old/readonly/in/b; chmod 0 old/closed/in old/closed; chmod 755 .; chown -R 64123 . || :",
            _temp.Path);
        Stranger.Run(() => Assert.Equal((7, Errno.None), Delete("old") is var result ? (result.Entries, result.Error) : default));
    }

    [Fact]
    public void What_may_not_be_deleted_is_told_and_the_rest_goes()
    {
        _temp.Write("old/a/kept", "x");
        _temp.Write("old/b/c", "x");
        Command.Shell("cd \"$1\"; chmod 755 . old/a; chown 64123 . old old/b", _temp.Path);
        Stranger.RunOrSkip(() =>
        {
            DeleteResult result = Delete("old");
            Assert.Equal(new DeleteResult(2, result.Bytes, Errno.EACCES, "old/a/kept"), result);
        });
        Assert.True(File.Exists(_temp["old/a/kept"]));
    }

    [Fact]
    public void Whoever_swaps_folders_for_links_meanwhile_loses_nothing_outside()
    {
        string outside = _temp.Write("outside/kept", "x");
        using var stop = new CancellationTokenSource();
        for (int round = 0; round < 8; round++)
        {
            for (int i = 0; i < 100; i++)
                _temp.Write($"old/{i}/a", "x");
            var hostile = new Thread(() =>
            {
                for (int i = 99; i >= 0; i--)
                {
                    try
                    {
                        Directory.Move(_temp[$"old/{i}"], _temp[$"old/{i}.moved"]);
                        File.CreateSymbolicLink(_temp[$"old/{i}"], _temp["outside"]);
                    }
                    catch (IOException)
                    {
                        // It is gone already.
                    }
                }
            });
            hostile.Start();
            Delete("old");
            hostile.Join();
            Assert.Equal(Errno.None, Delete("old").Error);
            Assert.True(File.Exists(outside));
        }
    }

    [Fact]
    public void A_folder_moved_out_meanwhile_does_not_lead_the_deletion_away()
    {
        Item.MakeDeep(_temp.MakeFolder("old"), 150);
        _temp.Write("elsewhere/kept", "x");
        string moved = _temp["old/" + string.Join('/', Enumerable.Repeat("d", 30))];
        Command.Shell("cd \"$1\"; seq 300 | xargs touch", moved + "/" + string.Join('/', Enumerable.Repeat("d", 100))).Check();

        bool isMoved = false;
        DeleteResult result = Delete("old", _ =>
        {
            if (!isMoved)
                Directory.Move(moved, _temp["elsewhere/moved"]);
            isMoved = true;
        });

        Assert.True(isMoved);
        Assert.Equal(Errno.ESTALE, result.Error);
        Assert.True(File.Exists(_temp["elsewhere/kept"]));
        Assert.Equal(Errno.None, Delete("old").Error);
    }

    [Fact]
    public void A_subvolume_is_not_entered()
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("btrfs");
        Directory.CreateDirectory(disk["old"]);
        Command.Run("btrfs", "subvolume", "create", disk["old/sub"]).Check();
        disk.Write("old/sub/kept", "x");
        disk.Write("old/z", "x");
        using Fd root = disk.Open();
        DeleteResult result = TreeDelete.Delete(root, Name.Of("old"), null);
        Assert.Equal(new DeleteResult(1, result.Bytes, Errno.EBUSY, "old/sub"), result);
        Assert.True(File.Exists(disk["old/sub/kept"]));
    }
}
