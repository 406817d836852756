using System.Text;
using Xunit;

namespace AtomikD.Configuration;

public sealed class IniFileTests
{
    private static IniFile Parse(string text) => IniFile.Parse("f.conf", Encoding.UTF8.GetBytes(text));

    [Fact]
    public void Keys_have_their_section_value_and_line()
    {
        IniFile ini = Parse("# comment\n; another\n\n[Daemon]\nSocket = /a b\t \n  Admin=\r\n[Routes:x]\nKeep\t=2");
        Assert.Empty(ini.Errors);
        Assert.Equal(
            [
                new IniEntry("Daemon", "Socket", "/a b", new Origin("f.conf", 5)),
                new IniEntry("Daemon", "Admin", "", new Origin("f.conf", 6)),
                new IniEntry("Routes:x", "Keep", "2", new Origin("f.conf", 8)),
            ],
            ini.Entries);
        Assert.Equal([new IniSection("Daemon", new Origin("f.conf", 4)), new IniSection("Routes:x", new Origin("f.conf", 7))], ini.Sections);
    }

    [Fact]
    public void A_section_may_be_opened_again_for_other_keys()
    {
        IniFile ini = Parse("[Daemon]\nSocket=/a\n[Routes:x]\n[Daemon]\nAdmin=\n");
        Assert.Empty(ini.Errors);
        Assert.Equal(2, ini.Entries.Count(e => e.Section == "Daemon"));
    }

    [Theory]
    [InlineData("[Daemon]\nSocket=/a\nSocket=/b", 3, "Socket", "already given in line 2")]
    [InlineData("[Daemon]\nSocket=/a\n[Routes:x]\n[Daemon]\nSocket=/b", 5, "Socket", "already given in line 2")]
    [InlineData("Socket=/a", 1, "Socket", "before the first section")]
    [InlineData("[Daemon]\nnonsense", 2, "", "no \"Key = value\"")]
    [InlineData("[Daemon]\n= value", 2, "", "no \"Key = value\"")]
    [InlineData("[Daemon]\nTwo Words = value", 2, "", "no \"Key = value\"")]
    [InlineData("[Daemon", 1, "", "no section")]
    [InlineData("[]", 1, "", "no section")]
    [InlineData("[Daemon] # c", 1, "", "no section")]
    [InlineData("[[Daemon]]", 1, "", "no section")]
    [InlineData("[Daemon]\nSocket=/a \\\n", 2, "Socket", "not continued")]
    [InlineData("[Daemon]\nSocket=/a\u0001b", 2, "", "control character 0x01")]
    [InlineData("[Daemon]\nSocket=/a\0b", 2, "", "control character 0x00")]
    [InlineData("\uFEFF[Daemon]\n", 1, "", "byte order mark")]
    public void What_is_malformed_is_named_with_its_line(string text, int line, string key, string message)
    {
        ConfigurationError error = Assert.Single(Parse(text).Errors);
        Assert.Equal(("f.conf", line, key), (error.File, error.Line, error.Key));
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_line_that_is_not_UTF8_is_named()
    {
        ConfigurationError error = Assert.Single(IniFile.Parse("f.conf", [.. "[Daemon]\nSocket=/"u8, 0xff, .. "\nAdmin=\n"u8]).Errors);
        Assert.Equal(2, error.Line);
        Assert.Contains("UTF-8", error.Message);
    }

    [Fact]
    public void Keys_below_a_broken_section_add_no_errors()
    {
        IniFile ini = Parse("[Broken\nA=1\nB=2\n[Daemon]\nAdmin=\n");
        Assert.Single(ini.Errors);
        Assert.Single(ini.Entries);
    }

    [Fact]
    public void All_errors_are_found_at_once() => Assert.Equal(4, Parse("x=1\n[Daemon]\nSocket=/a\nSocket=/b\nfoo\n[bad").Errors.Count);
}
