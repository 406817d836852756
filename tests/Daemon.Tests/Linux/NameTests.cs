using Xunit;

namespace AtomikD.Linux;

public sealed class NameTests
{
    [Fact]
    public void Bytes_are_kept_whatever_they_are()
    {
        Name name = Name.Of([(byte)'a', 0xFF, (byte)'\n']);
        Assert.Equal(3, name.Length);
        Assert.Null(name.Text);
        Assert.Equal("a\\xff\\x0a", name.ToString());
        Assert.Equal(name, Name.Of(name.Bytes));
        Assert.NotEqual(name, Name.Of("a"));
    }

    [Fact]
    public void Suffixes_come_and_go()
    {
        Name marker = Name.Of("site").With(".ready"u8);
        Assert.Equal("site.ready", marker.Text);
        Assert.True(marker.EndsWith(".ready"u8));
        Assert.Equal(Name.Of("site"), marker.Without(6));
        Assert.Equal(Name.Of("ID~site"), Name.Of("ID~"u8, "site"u8));
        Assert.Equal(0, Name.Empty.Length);
    }
}
