using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Commands;

/// <summary>The command as its users have it: a process with exit code, output and error stream.</summary>
public sealed class CheckCommandTests
{
    private const string Site = "[Daemon]\nStateDirectory = $/state\n[Routes:site]\nStaging = $/staging\nTarget = $/live\nDurability = none\n";

    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "atomikd");

    private static CommandResult Run(params string[] arguments) => Command.Run(s_program, arguments);

    private static ConfigFolder Good()
    {
        ConfigFolder config = new ConfigFolder().Write(Site);
        foreach (string folder in new[] { "state", "staging", "live" })
            config.MakeFolder(folder);
        return config;
    }

    [Fact]
    public void A_good_configuration_is_told_route_by_route()
    {
        using ConfigFolder config = Good();
        CommandResult result = Run("check", "--config", config.Main);
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        Assert.Contains($"Route site: {config["staging"]} -> {config["live"]}\n", result.Output);
        Assert.Contains("  ok       Renames work between staging, vault and target", result.Output);
        Assert.EndsWith("1 route healthy, 0 not; 0 errors, 0 warnings.\n", result.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(config["live"]));
    }

    [Fact]
    public void Every_error_of_the_configuration_is_on_the_error_stream_with_file_line_and_key()
    {
        using ConfigFolder config = Good().Write(Site + "Kepe = 3\nOwner = nobody-here\n");
        CommandResult result = Run("check", "--config", config.Main);
        Assert.Equal(78, result.ExitCode);
        Assert.Empty(result.Output);
        string[] lines = result.Error.Split('\n');
        Assert.Equal($"{config.Main}:7: [Routes:site] Kepe: The key is not known here. Did you mean Keep?", lines[0]);
        Assert.StartsWith($"{config.Main}:8: [Routes:site] Owner: There is no user \"nobody-here\"", lines[1]);
        Assert.Equal("The configuration cannot be used: 2 errors.", lines[2]);
    }

    [Fact]
    public void A_route_that_cannot_work_is_told_and_the_others_are_tried()
    {
        using ConfigFolder config = Good().Write("[Routes:gone]\nStaging = $/gone\nTarget = $/gone-too\n" + Site);
        CommandResult result = Run("check", "--config", config.Main);
        Assert.Equal(78, result.ExitCode);
        Assert.Contains($"  error    route gone: The staging {config["gone"]} does not exist.\n           Make it (mkdir -p {config["gone"]})", result.Error);
        Assert.Contains("Renames work", result.Output);
        Assert.EndsWith("1 route healthy, 1 not; 2 errors, 0 warnings.\n", result.Output);
    }

    [Fact]
    public void A_configuration_without_routes_is_a_warning()
    {
        using ConfigFolder config = new ConfigFolder().Write("[Daemon]\nStateDirectory = $/state\n");
        CommandResult result = Run("check", "--config", config.Main);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("  warning  There is no route", result.Output);
        Assert.Contains("does not exist yet", result.Output);
    }

    [Fact]
    public void What_is_shown_can_be_pasted_and_says_the_same()
    {
        using ConfigFolder config = Good().DropIn("a.conf", "[Routes:site]\nKeep = 7\nAllowUsers = root\n");
        CommandResult shown = Run("check", "--config", config.Main, "--show");
        Assert.Equal(0, shown.ExitCode);
        Assert.Contains($"# {config["atomikd.conf.d/a.conf"]}:2\nKeep = 7\n", shown.Output);
        Assert.Contains("# default\nOverwrite = on-request\n", shown.Output);
        Assert.Contains($"# default\nVault = {config["live/.atomikd"]}\n", shown.Output);
        using ConfigFolder pasted = new ConfigFolder().Write(shown.Output);
        Settings before = config.Load().Settings!;
        Settings after = pasted.Load().Settings!;
        Assert.Equal(before.Daemon, after.Daemon);
        Assert.Equal(before.Routes, after.Routes);
    }

    [Fact]
    public void A_fragment_is_checked_alone()
    {
        using ConfigFolder config = new ConfigFolder().Write("[Routes:site]\nKeep = 3\n");
        Assert.Equal(0, Run("check", "--syntax", config.Main).ExitCode);
        config.Write("[Routes:site]\nKeep = three\n");
        CommandResult result = Run("check", "--syntax", config.Main);
        Assert.Equal(78, result.ExitCode);
        Assert.StartsWith($"{config.Main}:2: [Routes:site] Keep:", result.Error);
    }

    [Theory]
    [InlineData("check", "--nonsense")]
    [InlineData("check", "surplus")]
    [InlineData("check", "--config")]
    [InlineData("check", "--syntax", "x", "--show")]
    [InlineData("check", "--syntax", "x", "--config", "y")]
    [InlineData("nonsense")]
    [InlineData("--config", "x", "check")]
    public void Wrong_usage_ends_with_64_and_names_the_help(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.Equal(64, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains("--help", result.Error);
    }

    [Fact]
    public void Help_has_defaults_and_examples()
    {
        CommandResult help = Run("check", "--help");
        Assert.Equal(0, help.ExitCode);
        Assert.Contains("[default: /etc/atomikd/atomikd.conf]", help.Output);
        Assert.Contains("Examples:", help.Output);
        Assert.Contains("check", Run("--help").Check());
    }

    [Fact]
    public void The_version_is_printed() => Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", Run("--version").Check());

    [Fact]
    public void A_state_folder_in_memory_is_refused_for_durable_routes()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root for a mount");
        using ConfigFolder config = Good().Write(Site.Replace("none", "full"));
        Command.Run("mount", "-t", "tmpfs", "tmpfs", config["state"]).Check();
        try
        {
            CommandResult result = Run("check", "--config", config.Main);
            Assert.Equal(78, result.ExitCode);
            Assert.Contains("in memory", result.Error);
            Assert.Contains("in memory", Assert.Single(StateProbe.Run(config.Load().Settings!, Routes.Severity.Warning)).Message);
            config.Write(Site);
            Assert.Equal(0, Run("check", "--config", config.Main).ExitCode);
        }
        finally
        {
            Mounts.Unmount(config["state"]);
        }
    }

    [Fact]
    public void Root_looks_on_behalf_of_the_daemons_user()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to give folders away");
        using ConfigFolder config = Good();
        config.MakeFolder("live/.atomikd");
        Command.Shell("chmod 700 \"$1/live/.atomikd\"; chown -R \"$2\" \"$1\"", config.Root, $"{ForeignUser.Stranger}").Check();
        CommandResult result = Run("check", "--config", config.Main);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains($"This runs as root, the daemon as user {ForeignUser.Stranger}", result.Output);
    }

    private static CommandResult RunAs(int uid, ConfigFolder config, params string[] capabilities)
    {
        // Ambient capabilities need them inheritable, too.
        string[] prefix = capabilities.Length == 0
            ? ForeignUser.Prefix(uid)
            : [$"--reuid={uid}", $"--regid={uid}", "--clear-groups", $"--inh-caps=-all,+{string.Join(",+", capabilities)}", $"--ambient-caps=-all,+{string.Join(",+", capabilities)}", "--"];
        ProcessStartInfo start = Command.Prepare("setpriv", [.. prefix, s_program, "check", "--config", config.Main]);
        start.WorkingDirectory = "/";
        return Command.Run(start, TimeSpan.FromMinutes(1));
    }

    private static ConfigFolder OfStranger(string more = "")
    {
        Assert.SkipWhen(ForeignUser.WhyNot is not null, ForeignUser.WhyNot ?? "");
        Assert.SkipUnless(ForeignUser.Run(ForeignUser.Stranger, "test -x \"$1\"", s_program).Succeeded, "another user cannot run the program from here");
        ConfigFolder config = Good().Write(Site + more);
        Command.Shell("chown -R \"$2\" \"$1\"", config.Root, $"{ForeignUser.Stranger}").Check();
        return config;
    }

    [Fact]
    public void Without_rights_its_own_folders_are_enough()
    {
        using ConfigFolder config = OfStranger();
        CommandResult result = RunAs(ForeignUser.Stranger, config);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void Without_CAP_LEASE_the_files_of_others_cannot_be_asked()
    {
        using ConfigFolder config = OfStranger();
        Command.Run("chown", $"{ForeignUser.OtherStranger}:{ForeignUser.Stranger}", config["staging"]).Check();
        Command.Run("chmod", "0775", config["staging"]).Check();
        CommandResult refused = RunAs(ForeignUser.Stranger, config);
        Assert.Equal(78, refused.ExitCode);
        Assert.Contains("without CAP_LEASE", refused.Error);
        Assert.Contains("AmbientCapabilities=CAP_LEASE", refused.Error);
        Assert.Contains("without CAP_DAC_OVERRIDE", refused.Output);
        Assert.Equal("", RunAs(ForeignUser.Stranger, config, "lease").Error);
        config.Write(Site + "OpenFiles = ignore\n");
        Assert.Equal("", RunAs(ForeignUser.Stranger, config).Error);
    }

    [Fact]
    public void A_sticky_staging_of_others_needs_CAP_FOWNER()
    {
        using ConfigFolder config = OfStranger("OpenFiles = ignore\n");
        Command.Shell("chown 0:0 \"$1\"; chmod 1777 \"$1\"", config["staging"]).Check();
        CommandResult refused = RunAs(ForeignUser.Stranger, config);
        Assert.Equal(78, refused.ExitCode);
        Assert.Contains("is sticky (mode 01777)", refused.Error);
        Assert.Contains("CAP_FOWNER", refused.Error);
        Assert.Equal("", RunAs(ForeignUser.Stranger, config, "fowner").Error);
    }

    [Fact]
    public void Folders_that_the_daemon_may_not_write_are_told_with_their_rights()
    {
        using ConfigFolder config = OfStranger("OpenFiles = ignore\n");
        Command.Shell("chown 0:0 \"$1\"; chmod 755 \"$1\"", config["live"]).Check();
        CommandResult refused = RunAs(ForeignUser.Stranger, config);
        Assert.Equal(78, refused.ExitCode);
        Assert.Contains("belongs to root (0) and root (0) with mode 0755", refused.Error);
        Assert.Contains("setfacl -m u:64123:rwx", refused.Error);
    }

    [Theory]
    [InlineData("Owner = root", "chown")]
    [InlineData("Group = root", "chown")]
    [InlineData("Owner = root\nFileMode = 0644", "chown,fowner")]
    public void Giving_items_away_needs_rights(string keys, string capabilities)
    {
        using ConfigFolder config = OfStranger(keys + "\n");
        CommandResult refused = RunAs(ForeignUser.Stranger, config);
        Assert.Equal(78, refused.ExitCode);
        Assert.All(capabilities.Split(','), c => Assert.Contains($"CAP_{c.ToUpperInvariant()}", refused.Error));
        Assert.Equal("", RunAs(ForeignUser.Stranger, config, capabilities.Split(',')).Error);
    }
}
