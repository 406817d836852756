using Xunit;

namespace AtomikD.Configuration;

public sealed class ConfiguredValueTests
{
    private static readonly TimeSpan s_year = TimeSpan.FromDays(365);

    private static string Refused(Action read) => Assert.Throws<ValueException>(read).Message;

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("1s", 1_000)]
    [InlineData("10min", 600_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("2w", 1_209_600_000)]
    [InlineData("1h 30min", 5_400_000)]
    [InlineData("1h30min", 5_400_000)]
    [InlineData("10 min", 600_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    public void Times_are_sums_of_numbers_with_units(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), new ConfiguredValue(text).Time(TimeSpan.Zero, s_year));

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10m")]
    [InlineData("-1s")]
    [InlineData("1.5h")]
    [InlineData("min")]
    [InlineData("1 h min")]
    [InlineData("1s 2")]
    [InlineData("infinity")]
    [InlineData("366d")]
    [InlineData("999999999999w")]
    [InlineData("9999999999999999999999s")]
    [InlineData("1min # one")]
    public void What_is_no_time_is_refused(string text) => Refused(() => new ConfiguredValue(text).Time(TimeSpan.Zero, s_year));

    [Fact]
    public void A_time_out_of_range_is_told_the_range() =>
        Assert.Contains("from 100ms to 1d", Refused(() => new ConfiguredValue("10ms").Time(TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1))));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData("64K", 65_536)]
    [InlineData("10M", 10_485_760)]
    [InlineData("2G", 2_147_483_648)]
    [InlineData("1T", 1_099_511_627_776)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_powers_of_1024(string text, long bytes) => Assert.Equal(bytes, new ConfiguredValue(text).Size());

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("1k")]
    [InlineData("1KB")]
    [InlineData("1KiB")]
    [InlineData("1.5G")]
    [InlineData("-1")]
    [InlineData("8388608T")]
    [InlineData("9223372036854775808")]
    public void What_is_no_size_is_refused(string text) => Refused(() => new ConfiguredValue(text).Size());

    [Theory]
    [InlineData("yes", true)]
    [InlineData("true", true)]
    [InlineData("on", true)]
    [InlineData("1", true)]
    [InlineData("no", false)]
    [InlineData("false", false)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    public void Booleans_have_four_spellings(string text, bool value) => Assert.Equal(value, new ConfiguredValue(text).Boolean());

    [Theory]
    [InlineData("Yes")]
    [InlineData("2")]
    [InlineData("")]
    public void Other_booleans_are_refused(string text) => Refused(() => new ConfiguredValue(text).Boolean());

    [Theory]
    [InlineData("0644", 0x1A4)]
    [InlineData("644", 0x1A4)]
    [InlineData("0", 0)]
    [InlineData("0777", 0x1FF)]
    public void Modes_are_octal(string text, uint mode) => Assert.Equal(mode, new ConfiguredValue(text).Mode(0x1FF));

    [Theory]
    [InlineData("")]
    [InlineData("0648")]
    [InlineData("4755")]
    [InlineData("0o644")]
    [InlineData("rw-r--r--")]
    [InlineData("000644")]
    public void Other_modes_are_refused(string text) => Refused(() => new ConfiguredValue(text).Mode(0x1FF));

    [Theory]
    [InlineData("/srv/site", "/srv/site")]
    [InlineData("/srv//site/", "/srv/site")]
    [InlineData("/srv/with blank", "/srv/with blank")]
    [InlineData("/srv/..site/.x", "/srv/..site/.x")]
    [InlineData("/", "/")]
    public void Paths_are_absolute(string text, string path) => Assert.Equal(path, new ConfiguredValue(text).Path());

    [Theory]
    [InlineData("srv/site", "not an absolute path")]
    [InlineData("./site", "not an absolute path")]
    [InlineData("~/site", "not an absolute path")]
    [InlineData("\"/srv/site\"", "without quotes")]
    [InlineData("/srv/./site", "component . or ..")]
    [InlineData("/srv/../etc", "component . or ..")]
    [InlineData("/srv/site # the site", "line of its own")]
    public void Other_paths_are_refused(string text, string message) => Assert.Contains(message, Refused(() => new ConfiguredValue(text).Path()));

    [Fact]
    public void A_path_that_the_kernel_would_not_take_is_refused()
    {
        Refused(() => new ConfiguredValue("/" + new string('x', 256)).Path());
        Refused(() => new ConfiguredValue(string.Concat(Enumerable.Repeat("/x", 2048))).Path());
    }

    [Theory]
    [InlineData("127.0.0.1:9847")]
    [InlineData("[::1]:80")]
    public void An_endpoint_is_an_address_and_a_port(string text) => Assert.Equal(text, new ConfiguredValue(text).Endpoint());

    [Theory]
    [InlineData("9847")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("localhost:9847")]
    public void Other_endpoints_are_refused(string text) => Refused(() => new ConfiguredValue(text).Endpoint());

    [Fact]
    public void Users_and_groups_are_names_or_numbers()
    {
        Assert.Equal(0u, new ConfiguredValue("root").User());
        Assert.Equal(0u, new ConfiguredValue("root").Group());
        Assert.Equal(64_123u, new ConfiguredValue("64123").User());
        Assert.Contains("no user \"nobody-here\"", Refused(() => new ConfiguredValue("nobody-here").User()));
        Assert.Contains("no group \"nobody-here\"", Refused(() => new ConfiguredValue("nobody-here").Group()));
        Refused(() => new ConfiguredValue("4294967295").User());
        Refused(() => new ConfiguredValue("a b").User());
    }

    [Fact]
    public void Allowed_users_are_a_list_with_groups_and_their_members()
    {
        AllowedUsers allowed = new ConfiguredValue("64123  @root").Users();
        Assert.Equal([64_123u], allowed.Users);
        Assert.Equal([0u], allowed.Groups);
        // root's own group is root, which no list of members says.
        Assert.Contains(0u, allowed.Members);
        Assert.True(allowed.Allows(0));
        Assert.True(allowed.Allows(64_123));
        Assert.False(allowed.Allows(64_124));
    }

    [Fact]
    public void Every_unknown_user_of_a_list_is_named()
    {
        string message = Refused(() => new ConfiguredValue("nobody-a @nobody-b root,bin").Users());
        Assert.Contains("nobody-a", message);
        Assert.Contains("nobody-b", message);
        Assert.Contains("with spaces between several", message);
    }

    [Fact]
    public void A_fragment_may_name_users_of_another_machine() =>
        Assert.Equal(2, new ConfiguredValue("root nobody-a @nobody-b", ResolveNames: false).Users() is { } u ? u.Users.Count + u.Groups.Count : 0);
}
