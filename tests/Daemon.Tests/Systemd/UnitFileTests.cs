using System.Globalization;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Systemd;

/// <summary>The unit files as they are shipped, by systemd's own judgement, without systemd running.</summary>
public sealed class UnitFileTests
{
    private static readonly string s_folder = Path.Combine(Document.Root, "deploy/systemd");

    public UnitFileTests() => Assert.SkipWhen(Command.WhyNot("systemd-analyze") is not null, Command.WhyNot("systemd-analyze") ?? "");

    /// <summary>Without capabilities 1.3; with those that foreign producers take 1.6; docs/operations.md says what makes 1.9 of it with CAP_CHOWN.</summary>
    [Theory]
    [InlineData(null, 1.6)]
    [InlineData("route", 1.6)]
    [InlineData("disk", 1.6)]
    [InlineData("no-capabilities", 1.3)]
    [InlineData("owner", 1.9)]
    public void Its_exposure_is_low(string? dropIn, double most)
    {
        using var root = new TempFolder();
        root.Write("etc/systemd/system/atomikd.service", File.ReadAllText(Path.Combine(s_folder, "atomikd.service")));
        if (dropIn is not null)
            root.Write($"etc/systemd/system/atomikd.service.d/{dropIn}.conf", File.ReadAllText(Path.Combine(s_folder, $"examples/{dropIn}.conf")));
        string last = Command.Run("systemd-analyze", "security", "--offline=true", "--no-pager", $"--root={root.Path}", "atomikd.service").Output.Trim().Split('\n')[^1];
        Assert.InRange(double.Parse(last.Split(": ")[1].Split(' ')[0], CultureInfo.InvariantCulture), 0.1, most);
    }

    [Fact]
    public void Systemd_knows_every_line()
    {
        using var root = new TempFolder();
        foreach (string unit in new[] { "atomikd.service", "atomikd.socket" })
            root.Write(unit, File.ReadAllText(Path.Combine(s_folder, unit)).Replace("/usr/bin/atomikd", "/bin/true", StringComparison.Ordinal));
        foreach (string example in Directory.EnumerateFiles(Path.Combine(s_folder, "examples")))
            root.Write($"atomikd.service.d/{Path.GetFileName(example)}", File.ReadAllText(example));
        root.Write("srv-disk.mount", "[Mount]\nWhat=tmpfs\nWhere=/srv/disk\nType=tmpfs\n");
        CommandResult verified = Command.Run("systemd-analyze", "verify", "--man=no", root["atomikd.service"], root["atomikd.socket"]);
        Assert.Equal("", verified.Output + verified.Error);
        Assert.True(verified.Succeeded);
    }

    [Fact]
    public void Every_setting_has_a_reason_beside_it()
    {
        string? before = null;
        bool isExplained = false;
        foreach (string line in File.ReadLines(Path.Combine(s_folder, "atomikd.service")).SkipWhile(line => line != "[Service]").Skip(1).TakeWhile(line => line != "[Install]"))
        {
            // A comment explains the lines below it, up to an empty one.
            isExplained = line.StartsWith('#') || (isExplained && line.Length > 0);
            Assert.True(isExplained || line.Length == 0, $"no comment above {line} (after {before})");
            before = line;
        }
    }

    [Fact]
    public void The_default_configuration_says_what_the_defaults_are()
    {
        string text = File.ReadAllText(Path.Combine(s_folder, "atomikd.conf"));
        using var folder = new TempFolder();
        string spelled = folder.Write("spelled.conf", string.Join('\n', text.Split('\n').Select(line => line.StartsWith('#') && line.Contains(" =", StringComparison.Ordinal) && !line.StartsWith("# ", StringComparison.Ordinal) ? line[1..] : line)));
        string shipped = folder.Write("shipped.conf", text);
        Configuration.LoadResult asSpelled = Configuration.ConfigurationLoader.Load(spelled);
        Configuration.LoadResult asShipped = Configuration.ConfigurationLoader.Load(shipped);
        Assert.Empty(asSpelled.Errors);
        Assert.Empty(asShipped.Errors);
        Assert.Equal(asShipped.Settings!.Daemon, asSpelled.Settings!.Daemon);
        Assert.Equal(asShipped.Values.Select(value => value.Key), asSpelled.Values.Where(value => !value.Origin.IsDefault).Select(value => value.Key));
    }
}
