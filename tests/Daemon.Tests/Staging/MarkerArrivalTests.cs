using System.Text;
using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>How markers come to be, and what their producers do to them afterwards. The route never scans again.</summary>
[Trait("Promise", "P8")]
public sealed class MarkerArrivalTests(ServedRoute served) : IClassFixture<ServedRoute>
{
    private readonly EngineHarness _harness = served.Harness;
    private readonly PublishGate _gate = served.Gate;
    private readonly string _name = ServedRoute.NewName();

    private string MarkerPath => _harness.Staged(_name + ".ready");

    [Fact]
    public void A_marker_that_is_renamed_in_is_heard()
    {
        using var elsewhere = new TempFolder(_harness.Root);
        _harness.StageFile(_name, "x");
        File.Move(elsewhere.Write("m", "{\"labels\":{\"a\":\"b\"}}"), MarkerPath);
        Assert.True(_harness.WaitFor(_name).Succeeded);
    }

    [Fact]
    public void A_marker_that_is_linked_in_is_heard()
    {
        using var elsewhere = new TempFolder(_harness.Root);
        _harness.StageFile(_name, "x");
        string template = elsewhere.Write("m", "");
        Drop.HardLink(template, MarkerPath);
        Assert.True(_harness.WaitFor(_name).Succeeded);
        Assert.True(File.Exists(template));
    }

    [Fact]
    public void A_marker_that_is_made_without_a_name_and_then_linked_is_heard()
    {
        _harness.StageFile(_name, "x");
        using (Fd file = Unnamed())
        {
            Unistd.WriteAll(file, "{\"overwrite\":true}"u8);
            Drop.LinkOpenFile(file, MarkerPath);
        }
        Assert.True(_harness.WaitFor(_name).Succeeded);
    }

    [Fact]
    public void A_marker_that_is_linked_while_it_is_written_counts_once_it_is_closed()
    {
        // Its close is told of under the name that it was opened by, which is none.
        _harness.StageFile(_name, "x");
        using (Fd file = Unnamed())
        {
            Unistd.WriteAll(file, "{\"overwrite\""u8);
            Drop.LinkOpenFile(file, MarkerPath);
            // What is created later is looked at later: when this one is answered, the other has been looked at.
            string later = ServedRoute.NewName();
            Drop.MakeNode(_harness.Staged(later + ".ready"), Stat.S_IFIFO);
            _harness.Refused(Name.Of(later), Reason.BadMarker, null);
            Assert.True(File.Exists(MarkerPath));
            Assert.Null(_harness.ReadReceipt(_name));
            Unistd.WriteAll(file, ":true}"u8);
        }
        Assert.True(_harness.WaitFor(_name).Succeeded);
    }

    [Fact]
    public void A_marker_counts_once_its_writer_has_closed_it()
    {
        _harness.StageFile(_name, "x");
        using (FileStream writer = Drop.OpenForWriting(MarkerPath))
        {
            writer.Write("{\"labels\":"u8);
            writer.Flush();
            _harness.StillServes();
            Assert.True(File.Exists(MarkerPath));
            writer.Write("{}}"u8);
        }
        Assert.True(_harness.WaitFor(_name).Succeeded);
    }

    [Fact]
    public void Times_set_after_the_close_make_no_second_request()
    {
        // shutil.copy2 sets the time, install -m the mode, and a nervous script touches twice.
        for (int version = 1; version <= 100; version++)
        {
            _harness.StageFile(_name, $"{version}");
            _harness.Mark(_name);
            try
            {
                File.SetLastWriteTimeUtc(MarkerPath, new DateTime(2020, 1, 1, 0, 0, version % 60, DateTimeKind.Utc));
                Drop.Touch(MarkerPath);
            }
            catch (IOException)
            {
                // It is gone already.
            }
            Receipt receipt = _harness.WaitFor(_name);
            Assert.True(receipt.Succeeded, receipt.ToString());
            Assert.Equal(version, receipt.Version);
        }
        _harness.StillServes();
        Assert.True(_harness.ReadReceipt(_name)!.Succeeded);
    }

    [Fact]
    public void Times_set_while_the_item_is_being_refused_change_nothing_about_the_refusal()
    {
        using PublishGate gate = _gate.Close(_harness);
        string before = PublishGate.Claim(_harness, _name, "{\"overwrite\":false}");
        File.WriteAllText(_harness.Live(_name), "a stranger's");
        Drop.Touch(MarkerPath);
        gate.Open();

        _harness.Refused(_name, Reason.TargetExists);
        Assert.Equal(before, Drop.Snapshot(_harness.Staged(_name)));
        _harness.StillServes();
    }

    [Fact]
    public void A_marker_changed_while_in_work_is_the_same_request_where_no_item_stands()
    {
        using PublishGate gate = _gate.Close(_harness);
        PublishGate.Claim(_harness, _name);

        Drop.Touch(MarkerPath);
        gate.Open();

        Receipt receipt = _harness.WaitFor(_name);
        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(1, receipt.Version);
        _harness.StillServes();
        Assert.True(_harness.ReadReceipt(_name)!.Succeeded);
    }

    [Fact]
    public void A_marker_changed_while_in_work_is_a_new_request_where_an_item_stands()
    {
        using PublishGate gate = _gate.Close(_harness);
        PublishGate.Claim(_harness, _name);

        _harness.StageFile(_name, "the next");
        _harness.Mark(_name, "{\"labels\":{\"n\":\"2\"}}");
        gate.Open();

        Receipt receipt = _harness.WaitFor(_name);
        Assert.Equal(2, receipt.Version);
        Assert.Equal("the next", File.ReadAllText(_harness.Live(_name)));
    }

    [Fact]
    public void A_new_marker_while_the_old_one_is_in_work_is_a_new_request()
    {
        using PublishGate gate = _gate.Close(_harness);
        PublishGate.Claim(_harness, _name);

        _harness.StageFile(_name, "the next");
        File.WriteAllText(_harness.Staged(_name + ".tmp"), "");
        File.Move(_harness.Staged(_name + ".tmp"), MarkerPath, overwrite: true);
        gate.Open();

        Receipt receipt = _harness.WaitFor(_name);
        Assert.Equal(2, receipt.Version);
        Assert.Equal("the next", File.ReadAllText(_harness.Live(_name)));
    }

    [Fact]
    public void A_marker_taken_away_after_the_claim_changes_nothing()
    {
        using PublishGate gate = _gate.Close(_harness);
        PublishGate.Claim(_harness, _name);

        File.Delete(MarkerPath);
        gate.Open();

        Eventually.True(() => File.Exists(_harness.Staged(_name + ".done")), "it is committed and told");
        Assert.True(File.Exists(_harness.Live(_name)));
    }

    [Fact]
    public void A_refused_item_whose_name_was_used_again_is_put_beside_it()
    {
        using PublishGate gate = _gate.Close(_harness);
        string before = PublishGate.Claim(_harness, _name, "{\"overwrite\":false}");

        _harness.StageFile(_name, "the next");
        File.WriteAllText(_harness.Live(_name), "a stranger's");
        gate.Open();

        Receipt receipt = _harness.WaitFor(Name.Of(_name));
        Assert.Equal("TARGET_EXISTS", receipt.Reason);
        Assert.StartsWith($"{_harness.Staged(_name)}~", receipt.Item, StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(receipt.Item!));
        Assert.Equal("the next", File.ReadAllText(_harness.Staged(_name)));
        _harness.StillServes();
    }

    [Fact]
    public void No_request_is_lost_while_item_and_marker_are_replaced_without_pause()
    {
        const int Rounds = 400;
        for (int round = 1; round <= Rounds; round++)
        {
            File.WriteAllText(_harness.Staged(_name + ".tmp"), $"{round}");
            File.Move(_harness.Staged(_name + ".tmp"), _harness.Staged(_name), overwrite: true);
            File.WriteAllText(_harness.Staged(_name + ".tmp"), "");
            File.Move(_harness.Staged(_name + ".tmp"), MarkerPath, overwrite: true);
        }

        Eventually.True(() => !File.Exists(MarkerPath) && !File.Exists(_harness.Staged(_name)) && _harness.Engine.Lanes[0].IsIdle, "all is served");
        Assert.Equal($"{Rounds}", File.ReadAllText(_harness.Live(_name)));
        Assert.NotNull(_harness.ReadReceipt(_name));
        Assert.Equal([_name], Directory.EnumerateFileSystemEntries(_harness.Target, _name + "*").Select(Path.GetFileName));
        // What was claimed in the moment in which its name was used again is kept beside it.
        Assert.All(Directory.EnumerateFiles(_harness.Staging, _name + "~*"), path => Assert.InRange(int.Parse(File.ReadAllText(path)), 1, Rounds - 1));
        _harness.StillServes();
    }

    private Fd Unnamed()
    {
        const int O_TMPFILE = 0x410000;
        Assert.Equal(Errno.None, Fcntl.Open(Name.Of(_harness.Staging), Fcntl.O_WRONLY | O_TMPFILE, 0x1A4, out Fd file));
        return file;
    }
}
