using System.Text;
using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Markers that are no plain files. Most raise nothing but their creation, and the route never scans again.</summary>
public sealed class MarkerKindTests(ServedRoute served) : IClassFixture<ServedRoute>
{
    private readonly EngineHarness _harness = served.Harness;
    private readonly string _name = ServedRoute.NewName();

    private string MarkerPath => _harness.Staged(_name + ".ready");

    [Theory]
    [InlineData("{\"overwrite\":true}")]
    [InlineData("Secret7")]
    public void A_symbolic_link_is_refused_and_never_followed(string contents)
    {
        using var elsewhere = new TempFolder();
        string outside = elsewhere.Write("outside", contents);
        string before = Drop.Snapshot(outside);
        _harness.StageFile(_name, "mine");
        string item = Drop.Snapshot(_harness.Staged(_name));

        File.CreateSymbolicLink(MarkerPath, outside);

        Receipt receipt = _harness.Refused(_name, Reason.BadMarker, "a symbolic link, not a file");
        Assert.DoesNotContain("Secret7", receipt.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(outside));
        Assert.Equal(item, Drop.Snapshot(_harness.Staged(_name)));
        _harness.StillServes();
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("/proc/self/mem")]
    [InlineData(".")]
    public void A_link_to_anything_is_only_a_link(string target)
    {
        _harness.StageFile(_name, "mine");

        File.CreateSymbolicLink(MarkerPath, target);

        _harness.Refused(_name, Reason.BadMarker, "a symbolic link, not a file");
    }

    [Theory]
    [InlineData(Stat.S_IFIFO, "a FIFO, not a file")]
    [InlineData(Stat.S_IFSOCK, "a socket, not a file")]
    [InlineData(Stat.S_IFCHR, "a device, not a file")]
    public void A_node_is_refused_and_never_opened(uint type, string word)
    {
        Assert.SkipWhen(type == Stat.S_IFCHR && !Native.IsRoot, "needs root for a device node");
        _harness.StageFile(_name, "mine");

        Drop.MakeNode(MarkerPath, type);

        _harness.Refused(_name, Reason.BadMarker, word);
        Assert.Equal("mine", File.ReadAllText(_harness.Staged(_name)));
        _harness.StillServes();
    }

    [Fact]
    public void A_folder_is_refused_and_kept_whole_in_lost_and_found()
    {
        _harness.StageFile(_name, "mine");
        string built = _harness.Staged(_name + ".built");
        Directory.CreateDirectory(Path.Combine(built, "sub"));
        File.WriteAllText(Path.Combine(built, "sub", "work"), "of years");
        string before = Drop.Snapshot(built);

        Directory.Move(built, MarkerPath);

        Receipt receipt = _harness.Refused(_name, Reason.BadMarker, "a folder, not a file");
        Assert.Contains("lost+found", receipt.Hint, StringComparison.Ordinal);
        string kept = Assert.Single(_harness.LostAndFound(), entry => entry.EndsWith($"~{_name}.ready", StringComparison.Ordinal));
        Assert.Equal(before, Drop.Snapshot(Path.Combine(_harness.VaultPath, "lost+found", kept)));
        _harness.StillServes();
    }

    [Fact]
    public void An_empty_folder_is_heard_by_its_creation()
    {
        Directory.CreateDirectory(MarkerPath);

        _harness.Refused(_name, Reason.BadMarker, "a folder, not a file");
    }

    [Fact]
    public void A_hard_link_is_a_file_and_leaves_its_other_name_alone()
    {
        string other = _harness.Staged(_name + ".template");
        File.WriteAllText(other, "{\"labels\":{\"from\":\"template\"}}");
        _harness.StageFile(_name, "x");

        Drop.HardLink(other, MarkerPath);

        Assert.True(_harness.WaitFor(_name).Succeeded);
        Assert.Equal("{\"labels\":{\"from\":\"template\"}}", File.ReadAllText(other));
        Assert.Equal(1u, Drop.StatusOf(other).Links);
    }

    [Fact]
    public void A_hard_link_to_somebody_elses_file_gives_nothing_of_it_away()
    {
        using var elsewhere = new TempFolder(_harness.Root);
        string outside = elsewhere.Write("shadow", "root:$6$Secret7:19000:0:99999:7:::");
        Drop.Chmod(outside, 0x180);
        _harness.StageFile(_name, "x");

        Drop.HardLink(outside, MarkerPath);

        Receipt receipt = _harness.Refused(_name, Reason.BadMarker, "not valid JSON");
        Assert.DoesNotContain("Secret7", receipt.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("root", receipt.Message, StringComparison.Ordinal);
        Assert.Equal("root:$6$Secret7:19000:0:99999:7:::", File.ReadAllText(outside));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"overwrite\":true}")]
    public void A_marker_that_nobody_may_read_is_read_by_a_daemon_with_the_right_to(string text)
    {
        Assert.SkipUnless(Native.IsRoot, "needs the right to read any file");
        _harness.StageFile(_name, "x");
        string aside = _harness.Staged(_name + ".tmp");
        File.WriteAllText(aside, text);
        Drop.Chmod(aside, 0);

        File.Move(aside, MarkerPath);

        Assert.True(_harness.WaitFor(_name).Succeeded);
    }

    [Fact]
    public void A_marker_without_item_is_refused_at_once()
    {
        _harness.Mark(_name);

        Receipt receipt = _harness.Refused(Name.Of(_name), Reason.ItemNotFound, null, $"There is no {_harness.Staged(_name)}");
        Assert.Contains("item first", receipt.Hint, StringComparison.Ordinal);
        _harness.StillServes();
    }

    [Fact]
    public async Task An_item_without_marker_is_never_touched_and_counted()
    {
        await using EngineHarness harness = new EngineHarness().RescanEvery(TimeSpan.FromMilliseconds(100));
        harness.StageFolder("forgotten", ("a", "1"), ("b/c", "2"));
        harness.StageFile("also", "x");
        harness.StageFile("with.dots", "x");
        string[] before = [.. Items().Select(Drop.Snapshot)];
        await harness.StartAsync();
        Assert.Equal(3, harness.Route.Unmarked.Count);

        harness.StageFile("later", "x");
        Eventually.True(() => harness.Route.Unmarked.Count == 4, "the next scan counts it");
        harness.StillServes();

        Assert.Equal(before, Items().Select(Drop.Snapshot));
        Assert.False(File.Exists(harness.Live("also")));

        IEnumerable<string> Items() => [harness.Staged("forgotten"), harness.Staged("also"), harness.Staged("with.dots")];
    }
}
