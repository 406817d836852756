using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>When a marker has gone, exactly one receipt exists and speaks of that request, whatever stood at its place.</summary>
public sealed class ReceiptTests(ServedRoute served) : IClassFixture<ServedRoute>
{
    private readonly EngineHarness _harness = served.Harness;
    private readonly string _name = ServedRoute.NewName();

    [Fact]
    public void A_success_says_what_was_committed()
    {
        _harness.StageFolder(_name, ("a", "1"), ("b/c", "23"));
        _harness.Mark(_name);

        Receipt first = _harness.WaitFor(_name);

        Assert.Equal(["at", "bytes", "durable", "files", "kind", "name", "repeated", "replaced", "route", "target", "version"],
            first.Json.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.Equal("site", first.Json.GetProperty("route").GetString());
        Assert.Equal(_name, first.Json.GetProperty("name").GetString());
        Assert.Equal(1, first.Version);
        Assert.Equal(0, first.Json.GetProperty("replaced").GetInt64());
        Assert.Equal("folder", first.Json.GetProperty("kind").GetString());
        Assert.Equal(2, first.Json.GetProperty("files").GetInt64());
        Assert.Equal(3, first.Json.GetProperty("bytes").GetInt64());
        Assert.Equal(_harness.Live(_name), first.Json.GetProperty("target").GetString());
        Assert.False(first.Json.GetProperty("repeated").GetBoolean());
        Assert.False(first.Json.GetProperty("durable").GetBoolean());

        Receipt second = _harness.Publish(_name, "a file now");
        Assert.Equal("file", second.Json.GetProperty("kind").GetString());
        Assert.Equal(1, second.Json.GetProperty("replaced").GetInt64());
        Assert.Equal(2, second.Version);
    }

    [Fact]
    public void A_receipt_is_replaced_by_the_next_one_and_there_are_never_two()
    {
        for (int round = 1; round <= 3; round++)
        {
            _harness.Mark(_name);
            _harness.Refused(Name.Of(_name), Reason.ItemNotFound, null);
            Assert.Equal(round, _harness.Publish(_name, $"{round}").Version);
        }
        _harness.Mark(_name, "not JSON");
        _harness.Refused(_name, Reason.BadMarker);
        _harness.Mark(_name, "[]");
        _harness.Refused(_name, Reason.BadMarker, "not a JSON object");
    }

    [Fact]
    public void A_receipt_can_be_read_by_everybody_whatever_the_daemons_umask()
    {
        Assert.True(_harness.Publish(_name, "x").Succeeded);
        Assert.Equal(0x1A4u, Drop.StatusOf(_harness.Staged(_name + ".done")).Permissions);
        _harness.Mark(_name);
        _harness.Refused(Name.Of(_name), Reason.ItemNotFound, null);
        Assert.Equal(0x1A4u, Drop.StatusOf(_harness.Staged(_name + ".failed")).Permissions);
    }

    public static TheoryData<string, bool, string> Plants
    {
        get
        {
            var plants = new TheoryData<string, bool, string>();
            foreach (string kind in (string[])["folder", "full folder", "link to a file", "link to a folder", "FIFO", "hard link"])
                foreach (string place in (string[])[".failed", ".done"])
                {
                    plants.Add(place, true, kind);
                    plants.Add(place, false, kind);
                }
            return plants;
        }
    }

    [Theory]
    [MemberData(nameof(Plants))]
    public void What_is_planted_at_a_receipts_place_is_moved_away_or_replaced_never_followed(string place, bool succeeds, string kind)
    {
        using var elsewhere = new TempFolder();
        string outside = elsewhere.Write("outside", "not yours");
        string before = Drop.Snapshot(elsewhere.Path);
        string planted = _harness.Staged(_name + place);
        switch (kind)
        {
            case "folder":
                Directory.CreateDirectory(planted);
                break;
            case "full folder":
                Directory.CreateDirectory(Path.Combine(planted, "sub"));
                File.WriteAllText(Path.Combine(planted, "sub", "work"), "of years");
                break;
            case "link to a file":
                File.CreateSymbolicLink(planted, outside);
                break;
            case "link to a folder":
                File.CreateSymbolicLink(planted, elsewhere.Path);
                break;
            case "FIFO":
                Drop.MakeNode(planted, Stat.S_IFIFO);
                break;
            default:
                Drop.HardLink(_harness.Publish(_name + "-donor", "x").Succeeded ? _harness.Live(_name + "-donor") : "", planted);
                break;
        }
        string plant = Drop.Snapshot(planted);

        if (succeeds)
            _harness.StageFile(_name, "x");
        _harness.Mark(_name);
        Receipt receipt = _harness.WaitFor(Name.Of(_name));

        Assert.Equal(succeeds, receipt.Succeeded);
        Assert.True(Drop.StatusOf(_harness.Staged(_name + (succeeds ? ".done" : ".failed"))).IsFile);
        Assert.False(EngineHarness.ExistsNoFollow(_harness.Staged(_name + (succeeds ? ".failed" : ".done"))));
        Assert.Equal(before, Drop.Snapshot(elsewhere.Path));
        string[] kept = [.. _harness.LostAndFound().Where(entry => entry.EndsWith($"~{_name}{place}", StringComparison.Ordinal))];
        if (kind.EndsWith("folder", StringComparison.Ordinal) && !kind.StartsWith("link", StringComparison.Ordinal))
            Assert.Equal(plant, Drop.Snapshot(Path.Combine(_harness.VaultPath, "lost+found", Assert.Single(kept))));
        else
            Assert.Empty(kept);
        if (kind == "hard link")
            Assert.Equal("x", File.ReadAllText(_harness.Live(_name + "-donor")));
        _harness.StillServes();
    }

    [Fact]
    public void Folders_planted_at_both_places_of_a_long_name_are_both_kept()
    {
        string name = _name.PadRight(240, 'x');
        Directory.CreateDirectory(_harness.Staged(name + ".done"));
        Directory.CreateDirectory(_harness.Staged(name + ".failed"));

        Assert.True(_harness.Publish(name, "x").Succeeded);

        Assert.Single(_harness.LostAndFound(), entry => entry.EndsWith("xxxx.done", StringComparison.Ordinal));
        Assert.Single(_harness.LostAndFound(), entry => entry.EndsWith("xxxx.failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_receipts_of_failures_only_a_success_leaves_none_and_removes_the_old_ones()
    {
        await using EngineHarness harness = await new EngineHarness(configure: route => route with { Receipts = ReceiptsPolicy.Failures }).StartAsync();
        harness.Mark("a");
        harness.Refused(Name.Of("a"), Reason.ItemNotFound, null);
        File.WriteAllText(harness.Staged("a.done"), "of an earlier policy");

        harness.StageFile("a", "x");
        harness.Mark("a");
        Eventually.True(() => !File.Exists(harness.Staged("a.ready")), "the marker goes");

        Assert.Equal("x", File.ReadAllText(harness.Live("a")));
        Assert.False(File.Exists(harness.Staged("a.failed")));
        Assert.False(File.Exists(harness.Staged("a.done")));
    }
}
