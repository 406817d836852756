using System.Security.Cryptography;
using System.Text;
using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>What a marker may say, and how it is told when it says something else.</summary>
public sealed class MarkerTextTests(ServedRoute served) : IClassFixture<ServedRoute>
{
    /// <summary>Stands for the contents of somebody else's file, to which a marker may be a link.</summary>
    private const string Secret = "Secret7";

    private readonly EngineHarness _harness = served.Harness;
    private readonly string _name = ServedRoute.NewName();

    public static TheoryData<string> Nothing => ["", " ", "\n", "\r\n", " \t\r\n\n ", "{}", "{ }\n"];

    [Theory]
    [MemberData(nameof(Nothing))]
    public void A_marker_that_says_nothing_commits(string text)
    {
        Receipt receipt = _harness.Publish(_name, "x", text);

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal("x", File.ReadAllText(_harness.Live(_name)));
    }

    [Fact]
    public void A_marker_may_have_every_key_and_what_it_says_is_kept_with_the_version()
    {
        string sha = Convert.ToHexStringLower(SHA256.HashData("x"u8));
        string other = _name + "-other";
        Receipt receipt = _harness.Publish(_name, "x", $$"""
            {"name":"{{other}}","overwrite":true,"expectedVersion":0,"requestId":"{{_name}}-1","sha256":"{{sha.ToUpperInvariant()}}","synced":true,
             "labels":{"commit":"abc","by":"Jörg \ud83d\ude00"},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
            """);

        Assert.True(receipt.Succeeded, receipt.ToString());
        Assert.Equal(other, receipt.Json.GetProperty("name").GetString());
        Assert.Equal("x", File.ReadAllText(_harness.Live(other)));
        Assert.False(File.Exists(_harness.Live(_name)));
        VersionRow row = LiveRow(other);
        Assert.Equal([new("commit", "abc"), new("by", "Jörg 😀")], row.Labels!.OrderByDescending(label => label.Key));
        Assert.Equal(_name + "-1", row.RequestId);
        Assert.Equal(sha, row.Sha256);
        Assert.Equal(Door.Marker, row.Door);
        Assert.Equal(Unistd.GetEuid(), row.Uid);
    }

    [Fact]
    public void The_owner_of_the_marker_is_kept_with_the_version()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to give a file away");
        _harness.StageFile(_name, "x");
        string aside = _harness.Staged(_name + ".tmp");
        File.WriteAllText(aside, "");
        Drop.Chown(aside, ForeignUser.Stranger);
        File.Move(aside, _harness.Staged(_name + ".ready"));

        Assert.True(_harness.WaitFor(_name).Succeeded);

        VersionRow row = LiveRow(_name);
        Assert.Equal((uint)ForeignUser.Stranger, row.Uid);
    }

    private VersionRow LiveRow(string name) => _harness.Engine.Journal.Write(durable: false, session =>
        session.Find(session.FindName(_harness.Route.Folders!.Vault.Id, name).Live!.Sequence))!;

    public static TheoryData<string, string> Wrong => new()
    {
        { "{\"overwrite\":", "not valid JSON, at line 1, byte 13" },
        { "{\n\"overwrite\": yes}", "not valid JSON, at line 2, byte 13" },
        { "Secret7", "not valid JSON, at line 1, byte 0" },
        { "{'name':'Secret7'}", "not valid JSON, at line 1, byte 1" },
        { "{\"name\":\"a\",}", "not valid JSON, at line 1" },
        { "{/*Secret7*/}", "not valid JSON, at line 1" },
        { "{} Secret7", "not valid JSON, at line 1, byte 3" },
        { "{}{}", "not valid JSON, at line 1, byte 2" },
        { "\0\0", "not valid JSON, at line 1, byte 0" },
        { "\"Secret7\"", "not a JSON object, at byte 0" },
        { " [\"Secret7\"]", "not a JSON object, at byte 1" },
        { "null", "not a JSON object, at byte 0" },
        { "7", "not a JSON object, at byte 0" },
        { "{\"Secret7\":1}", "unknown key, at byte 1" },
        { "{\"name\":\"a\",\"Overwrite\":true}", "unknown key, at byte 12" },
        { "{\"\":1}", "unknown key, at byte 1" },
        { "{\"overwrite\":true,\"overwrite\":true}", "a key twice, at byte 18" },
        { "{\"name\":\"a\",\"\\u006eame\":\"Secret7\"}", "a key twice, at byte 12" },
        { "{\"name\":7}", "\"name\" is not a string, at byte 8" },
        { "{\"name\":null}", "\"name\" is not a string, at byte 8" },
        { "{\"name\":[\"Secret7\"]}", "\"name\" is not a string, at byte 8" },
        { "{\"name\":\"\\ud800\"}", "not valid Unicode, at byte 8" },
        { "{\"labels\":{\"\\udfff\":\"a\"}}", "not valid Unicode, at byte 11" },
        { "{\"overwrite\":\"Secret7\"}", "\"overwrite\" is neither true nor false, at byte 13" },
        { "{\"overwrite\":1}", "\"overwrite\" is neither true nor false, at byte 13" },
        { "{\"overwrite\":null}", "\"overwrite\" is neither true nor false, at byte 13" },
        { "{\"synced\":\"true\"}", "\"synced\" is neither true nor false, at byte 10" },
        { "{\"expectedVersion\":\"1\"}", "\"expectedVersion\" is not a whole number of 0 or more, at byte 19" },
        { "{\"expectedVersion\":-1}", "\"expectedVersion\" is not a whole number of 0 or more, at byte 19" },
        { "{\"expectedVersion\":1.5}", "\"expectedVersion\" is not a whole number of 0 or more, at byte 19" },
        { "{\"expectedVersion\":99999999999999999999}", "\"expectedVersion\" is not a whole number of 0 or more, at byte 19" },
        { "{\"requestId\":7}", "\"requestId\" is not a string of 1 to 256 characters, at byte 13" },
        { "{\"requestId\":\"\"}", "\"requestId\" is not a string of 1 to 256 characters, at byte 13" },
        { "{\"requestId\":\"" + new string('x', 257) + "\"}", "\"requestId\" is not a string of 1 to 256 characters, at byte 13" },
        { "{\"sha256\":\"Secret7\"}", "\"sha256\" is not a string of 64 hexadecimal digits, at byte 10" },
        { "{\"sha256\":\"" + new string('g', 64) + "\"}", "\"sha256\" is not a string of 64 hexadecimal digits, at byte 10" },
        { "{\"sha256\":7}", "\"sha256\" is not a string of 64 hexadecimal digits, at byte 10" },
        { "{\"traceparent\":{}}", "\"traceparent\" is not a string, at byte 15" },
        { "{\"labels\":\"Secret7\"}", "\"labels\" is not an object, at byte 10" },
        { "{\"labels\":[]}", "\"labels\" is not an object, at byte 10" },
        { "{\"labels\":{\"Secret7\":1}}", "a label is not a string, at byte 21" },
        { "{\"labels\":{\"a\":{\"b\":\"Secret7\"}}}", "a label is not a string, at byte 15" },
        { "{\"labels\":{\"a\":\"1\",\"a\":\"2\"}}", "a label twice, at byte 2" },
        { "{\"labels\":[[[[[[[[]]]]]]]]}", "\"labels\" is not an object, at byte 10" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_marker_that_cannot_be_used_is_refused_with_the_position_and_never_quoted(string text, string problem)
    {
        _harness.StageFile(_name, "mine");
        string before = Drop.Snapshot(_harness.Staged(_name));
        _harness.Mark(_name, text);

        Receipt receipt = _harness.Refused(_name, Reason.BadMarker, problem);

        Assert.DoesNotContain(Secret, receipt.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(_harness.Staged(_name)));
        Assert.False(File.Exists(_harness.Live(_name)));
        Assert.DoesNotContain(_harness.Log.Records, record => record.Message.Contains(Secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF }, "not valid UTF-8, at byte 0")]
    [InlineData(new byte[] { (byte)'{', 0xC0, 0xAF, (byte)'}' }, "not valid UTF-8, at byte 1")]
    [InlineData(new byte[] { (byte)'{', (byte)'}', 0xE2, 0x82 }, "not valid UTF-8, at byte 2")]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'{', 0, (byte)'}', 0 }, "not valid UTF-8, at byte 0")]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF }, "a byte order mark, at byte 0")]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}' }, "a byte order mark, at byte 0")]
    public void A_marker_that_is_not_plain_UTF_8_is_refused(byte[] text, string problem)
    {
        _harness.StageFile(_name, "mine");
        File.WriteAllBytes(_harness.Staged(_name + ".ready"), text);

        _harness.Refused(_name, Reason.BadMarker, problem);
        Assert.Equal("mine", File.ReadAllText(_harness.Staged(_name)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("{\"overwrite\":true}")]
    public void A_marker_of_64_KiB_is_read_and_one_byte_more_is_refused(string text)
    {
        Assert.True(_harness.Publish(_name, "small enough", text.PadRight(65_536)).Succeeded);

        _harness.StageFile(_name, "too large");
        _harness.Mark(_name, text.PadRight(65_537));
        _harness.Refused(_name, Reason.BadMarker, "65537 bytes", "65536");
        Assert.Equal("too large", File.ReadAllText(_harness.Staged(_name)));
        Assert.Equal("small enough", File.ReadAllText(_harness.Live(_name)));
    }

    [Fact]
    public void A_marker_of_a_gigabyte_is_refused_unread()
    {
        _harness.StageFile(_name, "mine");
        using (FileStream marker = File.Create(_harness.Staged(_name + ".ready")))
            marker.SetLength(1L << 30);

        _harness.Refused(_name, Reason.BadMarker, "1073741824 bytes");
        _harness.StillServes();
    }

    [Fact]
    public void Many_labels_are_kept_and_too_many_are_refused()
    {
        static string Labels(int count) => "{\"labels\":{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"l{i}\":\"v\"")) + "}}";
        Assert.True(_harness.Publish(_name, "x", Labels(64)).Succeeded);

        _harness.StageFile(_name, "y");
        _harness.Mark(_name, Labels(65));
        _harness.Refused(_name, Reason.BadMarker, "more than 64 labels");
    }

    [Fact]
    public void Nothing_of_this_is_an_error_of_the_daemon() => _harness.StillServes();
}
