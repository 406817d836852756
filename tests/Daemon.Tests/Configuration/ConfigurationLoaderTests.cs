using Xunit;

namespace AtomikD.Configuration;

public sealed class ConfigurationLoaderTests
{
    private const string Site = "[Routes:site]\nStaging = $/staging\nTarget = $/live\n";

    private static ConfigurationError Only(LoadResult result)
    {
        Assert.Null(result.Settings);
        return Assert.Single(result.Errors);
    }

    [Fact]
    public void Without_keys_everything_is_as_documented()
    {
        using ConfigFolder config = new ConfigFolder().Write(Site);
        LoadResult result = config.Load();
        Assert.Empty(result.Errors);
        Assert.Equal(new DaemonSettings(), result.Settings!.Daemon);
        Assert.Equal(
            new RouteSettings { Name = "site", Staging = config["staging"], Target = config["live"], Vault = config["live/.atomikd"] },
            Assert.Single(result.Settings.Routes));
    }

    [Fact]
    public void The_defaults_in_words_are_those_of_the_records()
    {
        DaemonSettings daemon = new();
        foreach (Key<DaemonSettings> key in DaemonKeys.All)
            Assert.Equal(daemon, key.Default.Length > 0 || key.MayBeEmpty ? key.Apply(daemon, new ConfiguredValue(key.Default)) : daemon);
        RouteSettings route = new() { Name = "r", Staging = "", Target = "", Vault = "" };
        foreach (Key<RouteSettings> key in RouteKeys.All)
            Assert.Equal(route, key.Default.Length > 0 || key.MayBeEmpty ? key.Apply(route, new ConfiguredValue(key.Default)) : route);
    }

    [Fact]
    public void Every_key_is_read()
    {
        using ConfigFolder config = new ConfigFolder().Write("""
            [Daemon]
            StateDirectory = $/state
            Socket = /run/x.sock
            SocketMode = 0600
            SocketGroup = root
            Admin =
            AdminNames = yes
            HistoryKeepFor = 1w
            Rescan = 5s

            [Routes:a-1_b]
            Staging = $/s/
            Target = $/t
            Vault = $/v
            Overwrite = always
            Durability = none
            Keep = 0
            KeepFor = 0
            HoldMax = 10s
            CrossDevice = copy
            OpenFiles = ignore
            Receipts = failures
            ReceiptsKeepFor = 1d
            Owner = root
            Group = 64123
            FileMode = 0444
            DirectoryMode = 2755
            AllowUsers = root 64123
            MinFree = 1G
            MaxUpload = 64K
            """);
        LoadResult result = config.Load();
        Assert.Empty(result.Errors);
        Assert.Equal(
            new DaemonSettings
            {
                StateDirectory = config["state"],
                Socket = "/run/x.sock",
                SocketMode = 0x180,
                SocketGroup = 0,
                Admin = "",
                AdminNames = true,
                HistoryKeepFor = TimeSpan.FromDays(7),
                Rescan = TimeSpan.FromSeconds(5),
            },
            result.Settings!.Daemon);
        Assert.Equal(
            new RouteSettings
            {
                Name = "a-1_b",
                Staging = config["s"],
                Target = config["t"],
                Vault = config["v"],
                Overwrite = OverwritePolicy.Always,
                Durability = Durability.None,
                Keep = 0,
                KeepFor = TimeSpan.Zero,
                HoldMax = TimeSpan.FromSeconds(10),
                CrossDevice = CrossDevicePolicy.Copy,
                OpenFiles = OpenFilesPolicy.Ignore,
                Receipts = ReceiptsPolicy.Failures,
                ReceiptsKeepFor = TimeSpan.FromDays(1),
                Owner = 0,
                Group = 64_123,
                FileMode = 0x124,
                DirectoryMode = 0x5ED,
                AllowUsers = new AllowedUsers(new HashSet<uint> { 0, 64_123 }, new HashSet<uint>(), new HashSet<uint>()),
                MinFree = 1L << 30,
                MaxUpload = 65_536,
            },
            Assert.Single(result.Settings.Routes));
        Assert.All(result.Values, v => Assert.False(v.Origin.IsDefault));
        Assert.Equal(DaemonKeys.All.Count + RouteKeys.All.Count, result.Values.Count);
    }

    [Fact]
    public void A_later_file_wins_key_by_key_in_the_order_of_bytes()
    {
        using ConfigFolder config = new ConfigFolder().Write(Site + "Keep = 1\nAllowUsers = 1 2\nReceipts = failures\n")
            .DropIn("a.conf", "[Routes:site]\nKeep = 3\n")
            .DropIn("Z.conf", "[Routes:site]\nKeep = 4\nAllowUsers = 3\n")
            .DropIn("10.conf", "[Daemon]\nRescan = 1min\n")
            .DropIn(".hidden.conf", "nonsense")
            .DropIn("a.conf.bak", "nonsense")
            .DropIn("README", "nonsense");
        LoadResult result = config.Load();
        Assert.Empty(result.Errors);
        RouteSettings site = Assert.Single(result.Settings!.Routes);
        Assert.Equal(3, site.Keep);
        Assert.Equal([3u], site.AllowUsers.Users);
        Assert.Equal(ReceiptsPolicy.Failures, site.Receipts);
        Assert.Equal(TimeSpan.FromMinutes(1), result.Settings.Daemon.Rescan);
        Assert.Equal([config.Main, config["atomikd.conf.d/10.conf"], config["atomikd.conf.d/Z.conf"], config["atomikd.conf.d/a.conf"]], result.Files);
        Assert.Equal(new Origin(config["atomikd.conf.d/a.conf"], 2), result.OriginOf("Routes:site", "Keep"));
        Assert.Equal(new Origin(config.Main, 6), result.OriginOf("Routes:site", "Receipts"));
        Assert.True(result.OriginOf("Routes:site", "HoldMax").IsDefault);
    }

    [Fact]
    public void A_value_that_a_later_file_replaces_is_not_judged()
    {
        using ConfigFolder config = new ConfigFolder().Write(Site + "Owner = nobody-here\n").DropIn("a.conf", "[Routes:site]\nOwner =\n");
        Assert.Empty(config.Load().Errors);
    }

    [Fact]
    public void A_drop_in_may_bring_a_route()
    {
        using ConfigFolder config = new ConfigFolder().Write("# nothing here\n").DropIn("site.conf", Site);
        Assert.Equal("site", Assert.Single(config.Load().Settings!.Routes).Name);
    }

    [Fact]
    public void A_missing_file_is_told_with_what_to_do()
    {
        using var config = new ConfigFolder();
        ConfigurationError error = Only(config.Load());
        Assert.Equal((config.Main, 0), (error.File, error.Line));
        Assert.Contains("Create it", error.Message);
        Assert.Contains("--config", error.Message);
    }

    [Fact]
    public void A_folder_or_a_pipe_in_place_of_the_file_is_an_error_and_nothing_waits()
    {
        using var config = new ConfigFolder();
        config.MakeFolder("atomikd.conf");
        Assert.Contains("not a file", Only(config.Load()).Message);
        using var second = new ConfigFolder();
        second.Write(Site).MakeFolder("atomikd.conf.d");
        Support.Command.Run("mkfifo", second["atomikd.conf.d/a.conf"]).Check();
        Assert.Contains("not a file", Only(second.Load()).Message);
    }

    [Fact]
    public void A_file_that_is_too_long_is_an_error()
    {
        using ConfigFolder config = new ConfigFolder().Write(new string('#', ConfigurationFiles.MaxLength + 1));
        Assert.Contains("longer than", Only(config.Load()).Message);
    }

    [Theory]
    [InlineData("[Daemon]\nSokcet = /a", 2, "Sokcet", "Did you mean Socket?")]
    [InlineData("[Daemon]\nsocket = /a", 2, "socket", "Did you mean Socket?")]
    [InlineData("[Daemon]\nKeep = 2", 2, "Keep", "belongs into a section [Routes:NAME]")]
    [InlineData("[Routes:x]\nStaging=/nowhere-s\nTarget=/nowhere-t\nRescan = 1s", 4, "Rescan", "belongs into [Daemon]")]
    [InlineData("[Daemon]\nListen = 1", 2, "Listen", "docs/configuration.md")]
    [InlineData("[daemon]\nSocket = /a", 1, "", "section is not known")]
    [InlineData("[Route:x]\nKeep = 2", 1, "", "section is not known")]
    [InlineData("[Daemon]\nSocket = a", 2, "Socket", "not an absolute path")]
    [InlineData("[Daemon]\nStateDirectory =", 2, "StateDirectory", "value is empty")]
    [InlineData("[Daemon]\nRescan = 1ms", 2, "Rescan", "from 100ms to 1d")]
    [InlineData("[Daemon]\nSocket = /0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/01234567", 2, "Socket", "107 bytes")]
    [InlineData("[Routes:x]\nStaging=/nowhere-s\nTarget=/nowhere-t\nKeep = -1", 4, "Keep", "from 0 to 100000")]
    [InlineData("[Routes:x]\nStaging=/nowhere-s\nTarget=/nowhere-t\nOverwrite = ask", 4, "Overwrite", "never, on-request or always")]
    [InlineData("[Routes:x]\nStaging=/nowhere-s\nTarget=/nowhere-t\nDirectoryMode = 0644", 4, "DirectoryMode", "at least 0500")]
    [InlineData("[Routes:x]\nStaging=/nowhere-s\nTarget=nowhere-t", 3, "Target", "not an absolute path")]
    [InlineData("[Routes:x]\nStaging=/nowhere-s", 1, "Target", "has no Target")]
    [InlineData("[Routes:x]\nTarget=/nowhere-t", 1, "Staging", "has no Staging")]
    [InlineData("[Routes:x]\nStaging=/nowhere-s\nTarget=", 3, "Target", "value is empty")]
    [InlineData("[Routes:]\nStaging=/nowhere-s\nTarget=/nowhere-t", 1, "", "no name for a route")]
    [InlineData("[Routes:-x]\nStaging=/nowhere-s\nTarget=/nowhere-t", 1, "", "no name for a route")]
    [InlineData("[Routes:a.b]\nStaging=/nowhere-s\nTarget=/nowhere-t", 1, "", "no name for a route")]
    [InlineData("[Routes:012345678901234567890123456789012]\nStaging=/nowhere-s\nTarget=/nowhere-t", 1, "", "no name for a route")]
    [InlineData("[Routes:Site]\nStaging=/nowhere-s\nTarget=/nowhere-t", 1, "", "upper case is not allowed")]
    public void What_is_wrong_is_named_with_file_line_and_key(string text, int line, string key, string message)
    {
        using ConfigFolder config = new ConfigFolder().Write(text);
        ConfigurationError error = Only(config.Load());
        Assert.Equal((config.Main, line, key), (error.File, error.Line, error.Key));
        Assert.Contains(message, error.Message);
        Assert.StartsWith($"{config.Main}:{line}:", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_differ_only_in_case_are_told_so_even_across_files()
    {
        using ConfigFolder config = new ConfigFolder().Write(Site).DropIn("a.conf", "[Routes:Site]\nKeep = 3\n");
        IReadOnlyList<ConfigurationError> errors = config.Load().Errors;
        Assert.All(errors, e => Assert.Equal(config["atomikd.conf.d/a.conf"], e.File));
        Assert.Contains(errors, e => e.Message.Contains("upper case is not allowed", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Message.Contains($"differs only in case from [Routes:site] at {config.Main}:1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_route_is_one_even_when_several_files_speak_of_it()
    {
        using ConfigFolder config = new ConfigFolder().Write("[Routes:site]\nStaging = $/s\n").DropIn("a.conf", "[Routes:site]\nTarget = $/t\n");
        Assert.Single(config.Load().Settings!.Routes);
    }

    [Fact]
    public void All_errors_come_at_once_in_the_order_of_files_and_lines()
    {
        using ConfigFolder config = new ConfigFolder()
            .Write("[Daemon]\nRescan = x\nFoo = 1\n[Routes:a]\nStaging = rel\n[Routes:b]\nStaging = $/s\nTarget = $/s\nKeep = many\n")
            .DropIn("z.conf", "[Daemon]\nAdmin = x\nAdmin = y\n");
        LoadResult result = config.Load();
        Assert.Null(result.Settings);
        Assert.Equal(
            [
                ("atomikd.conf", 2, "Rescan"), ("atomikd.conf", 3, "Foo"), ("atomikd.conf", 4, "Target"), ("atomikd.conf", 5, "Staging"),
                ("atomikd.conf", 8, "Target"), ("atomikd.conf", 9, "Keep"), ("z.conf", 2, "Admin"), ("z.conf", 3, "Admin"),
            ],
            result.Errors.Select(e => (Path.GetFileName(e.File), e.Line, e.Key)));
    }

    [Fact]
    public void A_fragment_is_judged_by_itself()
    {
        using ConfigFolder config = new ConfigFolder().Write("[Routes:site]\nKeep = 5\nOwner = nobody-here\n");
        LoadResult good = ConfigurationLoader.LoadFragment(config.Main);
        Assert.Empty(good.Errors);
        config.Write("[Routes:site]\nKeep = five\nKepe = 1\n").DropIn("a.conf", "nonsense");
        Assert.Equal([2, 3], ConfigurationLoader.LoadFragment(config.Main).Errors.Select(e => e.Line));
    }

    [Fact]
    public void Settings_that_are_read_again_are_equal()
    {
        using ConfigFolder config = new ConfigFolder().Write(Site + "AllowUsers = @root 64123\n");
        Assert.Equal(config.Load().Settings!.Routes[0], config.Load().Settings!.Routes[0]);
    }
}
