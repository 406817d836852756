using AtomikD.Admin.Page;
using Xunit;

namespace AtomikD.Admin;

public sealed class HtmlWriterTests
{
    [Fact]
    public void What_is_put_in_is_encoded_and_what_is_written_is_not()
    {
        string data = "<b>\"'&é</b>";
        var html = new HtmlWriter();

        html.Add($"""<p title="{data}">{data}{new Html("<i>")}{7}</p>""");

        Assert.Equal("""<p title="&lt;b&gt;&quot;&#x27;&amp;é&lt;/b&gt;">&lt;b&gt;&quot;&#x27;&amp;é&lt;/b&gt;<i>7</p>""", html.ToString());
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(10L << 30, "10 GiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void Sizes_are_readable(long bytes, string text) => Assert.Equal(text, Words.Bytes(bytes));

    [Theory]
    [InlineData(0.4, "0 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(3600, "1 h")]
    [InlineData(47 * 3600, "47 h")]
    [InlineData(48 * 3600, "2 d")]
    public void Ages_are_readable(double seconds, string text) => Assert.Equal(text, Words.Age(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(1, "1 commit")]
    [InlineData(0, "0 commits")]
    [InlineData(1234567, "1\u202F234\u202F567 commits")]
    public void Counts_are_readable(long number, string text) => Assert.Equal(text, Words.Count(number, "commit"));
}
