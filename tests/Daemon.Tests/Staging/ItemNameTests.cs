using System.Text;
using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Staging;

/// <summary>Names in staging and names in the target: which are taken, and where a refusal is told.</summary>
public sealed class ItemNameTests(ServedRoute served) : IClassFixture<ServedRoute>
{
    private readonly EngineHarness _harness = served.Harness;

    [Theory]
    [InlineData("x")]
    [InlineData("with space")]
    [InlineData("trailing.")]
    [InlineData("two..dots")]
    [InlineData("back\\slash")]
    [InlineData("-rf")]
    [InlineData("~ABC")]
    [InlineData("*?[a]$(id)`id`;\"'")]
    [InlineData("naïve ünïcode 名前 😀")]
    [InlineData("ready")]
    [InlineData("x.Ready")]
    [InlineData("done")]
    public void Any_other_name_is_taken(string name)
    {
        Assert.True(_harness.Publish(name, "x").Succeeded);
        Receipt second = _harness.Publish(name, "y");
        Assert.Equal(2, second.Version);
        Assert.Equal(name, second.Json.GetProperty("name").GetString());
        Assert.Equal("y", File.ReadAllText(_harness.Live(name)));
    }

    [Theory]
    [InlineData("x", 240)]
    [InlineData("é", 120)]
    public void A_name_of_240_bytes_is_taken_and_replaced(string character, int count)
    {
        string name = string.Concat(Enumerable.Repeat(character, count));
        Assert.Equal(1, _harness.Publish(name, "1").Version);
        Assert.Equal(2, _harness.PublishFolder(name, "2").Version);
        Assert.Equal("2", File.ReadAllText(_harness.Live(name) + "/index.html"));
    }

    [Theory]
    [InlineData(241)]
    [InlineData(248)]
    public void A_longer_name_is_refused_and_told(int length)
    {
        string name = new('n', length);
        Untouched(name, $"has {length} bytes, at most 240");
    }

    [Fact]
    public async Task A_name_without_room_for_a_receipt_keeps_its_marker_is_reported_once_and_tried_again()
    {
        await using EngineHarness harness = await new EngineHarness().StartAsync();
        string name = new('n', 249);
        harness.StageFile(name, "mine");
        string before = Drop.Snapshot(harness.Staged(name));
        harness.Mark(name);

        LogRecord report = harness.Log.WaitFor("MarkerStuck");
        Assert.Equal(LogLevel.Warning, report.Level);
        Assert.Contains("INVALID_NAME", report.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Errno.ENAMETOOLONG), report.Message, StringComparison.Ordinal);
        Assert.Equal(1, harness.Route.Stuck.Count);
        // Each try makes the receipt aside, in the vault.
        for (int tries = 0; tries < 2; tries++)
        {
            Timestamp vault = Drop.StatusOf(harness.VaultPath).Modified;
            Eventually.True(() => Drop.StatusOf(harness.VaultPath).Modified > vault, "tried again");
        }

        Assert.Single(harness.Log.Records, record => record.Name == "MarkerStuck");
        Assert.Equal(1, harness.Route.Stuck.Count);
        Assert.True(File.Exists(harness.Staged(name + ".ready")));
        Assert.Equal(before, Drop.Snapshot(harness.Staged(name)));
        harness.StillServes();

        await harness.RestartAsync();
        Assert.Equal(1, harness.Route.Stuck.Count);
        Assert.True(File.Exists(harness.Staged(name + ".ready")));
        Assert.Equal(before, Drop.Snapshot(harness.Staged(name)));
        harness.StillServes();

        File.Delete(harness.Staged(name + ".ready"));
        Eventually.True(() => harness.Route.Stuck.Count == 0, "a marker that its producer took away is stuck no more");
        Assert.Equal(before, Drop.Snapshot(harness.Staged(name)));
    }

    [Theory]
    [InlineData(".hidden", "it starts with a dot")]
    [InlineData(".atomikd", "it starts with a dot")]
    [InlineData("...", "it starts with a dot")]
    [InlineData("a\nb", "a control character")]
    [InlineData("a\tb", "a control character")]
    [InlineData("a\u007fb", "a control character")]
    [InlineData("a\u0085b", "a control character")]
    [InlineData("x.done", "ends in .ready, .done or .failed")]
    [InlineData("x.failed", "ends in .ready, .done or .failed")]
    public void A_name_that_no_item_may_have_is_refused_and_told(string name, string problem) => Untouched(name, problem);

    private void Untouched(string name, string problem)
    {
        _harness.StageFile(name, "mine");
        string before = Drop.Snapshot(_harness.Staged(name));
        _harness.Mark(name);

        Receipt receipt = _harness.Refused(name, Reason.InvalidName, problem);

        Assert.Equal(name, receipt.Json.GetProperty("name").GetString());
        Assert.Equal(before, Drop.Snapshot(_harness.Staged(name)));
        if (name != ".atomikd")
            Assert.False(EngineHarness.ExistsNoFollow(_harness.Live(name)));
        _harness.StillServes();
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public void A_name_that_means_a_folder_is_no_item(string name)
    {
        string[] before = TargetNames();
        _harness.Mark(name);

        _harness.Refused(Name.Of(name), Reason.InvalidName, null);

        Assert.Equal(before, TargetNames());
        Assert.True(Directory.Exists(_harness.Staging));
        _harness.StillServes();
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', 0xFF })]
    [InlineData(new byte[] { 0xE4, 0xF6, 0xFC })]
    [InlineData(new byte[] { (byte)'a', 0xC0, 0xAF })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    public void A_name_that_is_not_UTF_8_is_refused_and_told_in_its_own_bytes(byte[] bytes)
    {
        Name name = Name.Of(bytes);
        Drop.WriteFile(_harness.At(name), "mine"u8);
        Drop.WriteFile(_harness.At(name.With(".ready"u8)), ""u8);

        Receipt receipt = _harness.WaitFor(name);

        Assert.Equal("INVALID_NAME", receipt.Reason);
        Assert.Contains("not valid UTF-8", receipt.Message, StringComparison.Ordinal);
        Assert.Equal($"{_harness.Staging}/{name}", receipt.Item);
        Assert.Equal("mine"u8.ToArray(), Drop.TryRead(_harness.At(name)));
        _harness.StillServes();
    }

    [Fact]
    public void A_marker_of_a_marker_is_refused()
    {
        // Without an item: that would be a marker itself. A name of its own: other tests of the class share the folder.
        string name = ServedRoute.NewName();
        _harness.Mark(name + ".ready");

        _harness.Refused(Name.Of(name + ".ready"), Reason.InvalidName, null, ".ready, .done or .failed");
        Assert.False(File.Exists(_harness.Staged(name + ".failed")));

        // Both at once: each is answered.
        _harness.Mark("y");
        _harness.Mark("y.ready");
        _harness.Refused(Name.Of("y"), Reason.ItemNotFound, null);
        Assert.Equal("INVALID_NAME", _harness.WaitFor(Name.Of("y.ready")).Reason);
    }

    private string[] TargetNames() => [.. Directory.EnumerateFileSystemEntries(_harness.Target).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(".x")]
    [InlineData(".atomikd")]
    [InlineData("a/b")]
    [InlineData("/etc/passwd")]
    [InlineData("../outside")]
    [InlineData("a\\u0000b")]
    [InlineData("a\\nb")]
    [InlineData("a\\u0085b")]
    [InlineData("x.ready")]
    [InlineData("x.done")]
    [InlineData("x.failed")]
    public void A_bad_name_for_the_target_is_refused(string json)
    {
        string name = ServedRoute.NewName();
        string[] before = TargetNames();
        _harness.StageFile(name, "mine");
        string item = Drop.Snapshot(_harness.Staged(name));

        _harness.Mark(name, $"{{\"name\":\"{json}\"}}");

        _harness.Refused(name, Reason.InvalidName, "The name in the target cannot be used");
        Assert.Equal(item, Drop.Snapshot(_harness.Staged(name)));
        Assert.Equal(before, TargetNames());
        Assert.False(EngineHarness.ExistsNoFollow(Path.Combine(_harness.Root, "outside")));
    }

    [Fact]
    public void A_name_for_the_target_is_measured_in_bytes()
    {
        string name = ServedRoute.NewName();
        string fits = string.Concat(Enumerable.Repeat("ö", 120));
        Assert.True(_harness.Publish(name, "x", $"{{\"name\":\"{fits}\"}}").Succeeded);
        Assert.Equal("x", File.ReadAllText(_harness.Live(fits)));

        _harness.StageFile(name, "y");
        _harness.Mark(name, $"{{\"name\":\"{fits}o\"}}");
        _harness.Refused(name, Reason.InvalidName, "has 241 bytes, at most 240");
    }
}
