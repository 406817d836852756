using System.Text.Json;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Ctl;

public sealed class CommandTests
{
    [Fact]
    public async Task Commit_versions_rollback_hold_release_and_remove_do_what_they_say()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("build", "one");
        string first = service.Ctl("commit", "site", "build", "--name", "app").Check();
        service.Stage("app", "two");
        string second = service.Ctl("commit", "site", "app", "--expect", "1").Check();
        string versions = service.Ctl("versions", "site", "app").Check();
        string back = service.Ctl("rollback", "site", "app", "--hold", "bad build").Check();
        string status = service.Ctl("status").Check();
        service.Stage("app", "three");
        CommandResult held = service.Ctl("commit", "site", "app");
        service.Ctl("release", "site", "app").Check();
        string third = service.Ctl("commit", "site", "app").Check();
        string to = service.Ctl("rollback", "site", "app", "--to", "3").Check();
        service.Ctl("hold", "site", "app", "--reason", "freeze").Check();
        string removed = service.Ctl("remove", "site", "app").Check();

        Assert.Equal($"site/app is version 1: 1 file, 3 B.\n{service.Live("app")}", first);
        Assert.StartsWith("site/app is version 2 in place of 1:", second, StringComparison.Ordinal);
        Assert.Matches(@"app +2 +live +folder +1 +3 B", versions);
        Assert.Matches(@"app +1 +retained +folder +1 +3 B", versions);
        Assert.Contains($"app 1: {service.Target}/.atomikd/", versions, StringComparison.Ordinal);
        Assert.Contains("is version 3 in place of 2: 1 file, 3 B. Held until: atomikctl release site app", back, StringComparison.Ordinal);
        Assert.Matches("site +held ", status);
        Assert.Contains("held: app: bad build", status, StringComparison.Ordinal);
        Assert.Equal(75, held.ExitCode);
        Assert.StartsWith("atomikctl: HELD: ", held.Error, StringComparison.Ordinal);
        Assert.Contains("is version 4", third, StringComparison.Ordinal);
        Assert.Contains("is version 5", to, StringComparison.Ordinal);
        Assert.StartsWith("site/app was taken down; it was version 5.", removed, StringComparison.Ordinal);
        Assert.False(Directory.Exists(service.Live("app")));
    }

    [Fact]
    public async Task The_history_tells_of_all_or_of_failures_since_then()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("app", "one");
        service.Ctl("commit", "site", "app").Check();
        Assert.Equal(66, service.Ctl("commit", "site", "missing").ExitCode);

        string all = service.Ctl("history", "site", "--since", "2h").Check();
        string failed = service.Ctl("history", "--failed").Check();

        Assert.Matches(@"site +app +commit +1 ", all);
        Assert.Matches(@"site +missing +ITEM_NOT_FOUND", all);
        Assert.DoesNotContain(" app ", failed, StringComparison.Ordinal);
        Assert.Contains("MESSAGE", failed, StringComparison.Ordinal);
        Assert.Equal("Nothing of that kind is in the history.", service.Ctl("history", "--since", "2100-01-01T00:00Z").Check());
        Assert.Equal("[]", service.Ctl("history", "--since", "2100-01-01", "--json").Check());
    }

    [Fact]
    public async Task Prune_tells_what_it_has_deleted()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();

        Assert.Equal("0 versions deleted, 0 B.", service.Ctl("prune", "site").Check());
    }

    [Fact]
    public async Task Tables_fit_eighty_columns_whatever_the_names()
    {
        string route = new('r', 32);
        await using var service = new ServiceHarness();
        service.Settings = service.Settings with { Routes = [.. service.Settings.Routes, service.NewRoute(route) with { Overwrite = OverwritePolicy.Always }] };
        await service.StartAsync();
        string name = new string('n', 150) + "ü日本\u202egpj";
        service.Stage(name, "one");
        service.Ctl("commit", "site", name).Check();
        Assert.Equal(66, service.Ctl("commit", route, name).ExitCode);

        foreach (string[] arguments in new string[][] { ["status"], ["versions", "site"], ["history"], ["history", "--failed"] })
        {
            string said = service.Ctl(arguments).Check();
            string table = arguments[0] == "versions" ? said.Split("\n\n")[0] : arguments[0] == "status" ? said.Split("\n\n")[1] : said;
            Assert.All(table.Split('\n'), line => Assert.InRange(Width(line), 0, 80));
            Assert.DoesNotContain('\u202e', said);
            Assert.DoesNotContain('\u001b', said);
        }
    }

    [Fact]
    public async Task The_width_is_that_of_COLUMNS()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        string name = new('n', 100);
        service.Stage(name, "one");
        service.Ctl("commit", "site", name).Check();
        System.Diagnostics.ProcessStartInfo start = CtlProcess.NewStart(["--socket", service.Socket, "history"]);
        start.Environment["COLUMNS"] = "200";

        Assert.Contains(name, Command.Run(start, CtlProcess.Patience).Check(), StringComparison.Ordinal);
        Assert.DoesNotContain(name, service.Ctl("history").Check(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_in_json_are_numbers_and_times_utc()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("app", "one");

        JsonElement version = service.CtlJson("commit", "site", "app");

        Assert.Equal(1, version.GetProperty("version").GetInt64());
        Assert.Equal(3, version.GetProperty("bytes").GetInt64());
        Assert.Equal("folder", version.GetProperty("kind").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", version.GetProperty("at").GetString());
    }

    [Fact]
    public void Each_command_has_help_with_an_example()
    {
        foreach (string command in new[] { "status", "commit", "upload", "versions", "history", "rollback", "hold", "release", "remove", "prune", "watch" })
        {
            string help = CtlProcess.Run(command, "--help").Check();
            Assert.Contains("Description:", help, StringComparison.Ordinal);
            Assert.Contains($"Examples:\n  atomikctl {command}", help, StringComparison.Ordinal);
            Assert.Contains("--socket", help, StringComparison.Ordinal);
        }
        Assert.Contains("Exit codes:", CtlProcess.Run("--help").Check(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_completion_script_asks_atomikctl()
    {
        string script = CtlProcess.Run("completion", "bash").Check();
        Assert.Contains("complete -o default -F _atomikctl atomikctl", script, StringComparison.Ordinal);
        string found = Command.Shell($"PATH={Path.GetDirectoryName(CtlProcess.Executable)}:$PATH; exec bash -c '{script.Replace("'", "'\\''", StringComparison.Ordinal)}\nCOMP_LINE=\"atomikctl ro\" COMP_POINT=12 COMP_WORDS=(atomikctl ro) COMP_CWORD=1; _atomikctl; echo \"$COMPREPLY\"'").Check();
        Assert.Equal("rollback", found);
    }

    /// <summary>Of what a terminal shows: wide characters take two columns.</summary>
    private static int Width(string line) => line.EnumerateRunes().Sum(rune => rune.Value is >= 0x1100 and <= 0xFFDC ? 2 : 1);
}
