using System.Text.RegularExpressions;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

/// <summary>The pages say what the program does: options, commands, keys and their defaults.</summary>
public sealed class ManPageTests(BuiltPackage package)
{
    [Theory]
    [InlineData("atomikd.8")]
    [InlineData("atomikctl.1")]
    [InlineData("atomikd.conf.5")]
    public void A_page_is_written_without_mistakes(string page)
    {
        Assert.SkipUnless(Command.WhyNot("mandoc", "man") is null, Command.WhyNot("mandoc", "man") ?? "");
        string path = PathOf(page);

        CommandResult lint = Command.Run("mandoc", "-T", "lint", "-W", "warning", path);
        Assert.True(lint.Succeeded, lint.Output + lint.Error);
        CommandResult man = Command.Run("man", "--warnings", "--local-file", path);
        Assert.True(man.Succeeded && man.Error.Length == 0, man.Error);
    }

    [Fact]
    public void The_page_of_the_service_has_its_commands_and_options() => Compare(package.Daemon, "atomikd.8");

    [Fact]
    public void The_page_of_atomikctl_has_its_commands_and_options() => Compare(package.Ctl, "atomikctl.1");

    [Fact]
    public void The_page_of_the_configuration_has_every_key_with_its_default()
    {
        BuiltPackage.NeedTools();
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "[Routes:x]\nStaging = /srv/x/staging\nTarget = /srv/x/live\nVault = /srv/x/vault\n");
            string[] shown = Command.Run(package.Daemon, "check", "--config", file, "--show").Check().Split('\n');
            IEnumerable<string> keys = shown.Where(line => line.Contains(" =", StringComparison.Ordinal)).Select(Written);

            IEnumerable<string> told = Lines("atomikd.conf.5").Where(line => line.StartsWith(".It Cm ", StringComparison.Ordinal))
                .Select(line => line[7..].Replace(" Li", "", StringComparison.Ordinal)).Select(line => line.Contains(" =", StringComparison.Ordinal) ? line : line + " =");

            Assert.Equal(keys.ToList(), told.ToList());
        }
        finally
        {
            File.Delete(file);
        }

        // What must be given, or was given above, has no default.
        static string Written(string line) => Regex.Replace(line, "^(Staging|Target|Vault) =.*", "$1 =");
    }

    private static void Compare(string program, string page)
    {
        BuiltPackage.NeedTools();
        string help = Command.Run(program, "--help").Check();
        string[] commands = [.. Regex.Matches(help.Split("Commands:")[1].Split("Examples:")[0], "(?m)^  ([a-z]+)").Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(commands);
        string all = help + string.Concat(commands.Select(command => Command.Run(program, command, "--help").Check().Split("Examples:")[0]));
        IEnumerable<string> options = Regex.Matches(all.Replace("\n  -?, -h, --help", "\n  --help", StringComparison.Ordinal), "(?m)^  --([a-z-]+)")
            .Select(match => match.Groups[1].Value).Distinct();

        string text = string.Join('\n', Lines(page));
        Assert.Equal(commands.Order(), Regex.Matches(text, "(?m)^\\.(?:It )?Cm ([a-z]+)(?= |$)").Select(match => match.Groups[1].Value).Where(commands.Contains).Distinct().Order());
        Assert.Equal(options.Order(), Flags(page).Distinct().Order());
    }

    private static string PathOf(string page) => Path.Combine(Document.Root, "deploy/man", page);

    private static string[] Lines(string page) => [.. File.ReadAllLines(PathOf(page)).Where(line => line.StartsWith('.'))];

    /// <summary>The long options that a page marks as such: Fl -name, and after it, , -name and | -name.</summary>
    private static IEnumerable<string> Flags(string page) => Lines(page)
        .SelectMany(line => Regex.Matches(line, "\\bFl (-[a-z-]+(?: [,|] -[a-z-]+)*)"))
        .SelectMany(match => Regex.Matches(match.Groups[1].Value, "-([a-z][a-z-]+)"))
        .Select(match => match.Groups[1].Value);
}
