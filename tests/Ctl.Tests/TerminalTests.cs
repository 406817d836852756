using AtomikD.Support;
using Xunit;

namespace AtomikD.Ctl;

/// <summary>In a real terminal of 80 by 24.</summary>
public sealed class TerminalTests
{
    [Fact]
    public async Task Tables_stay_whole_on_a_terminal_and_the_spinner_leaves_nothing()
    {
        Assert.SkipUnless(Command.WhyNot("tmux") is null, Command.WhyNot("tmux") ?? "");
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        string name = new('n', 60);
        service.Stage(name, "one");
        string socket = Path.Combine(service.Root, "tmux");
        string script = Path.Combine(service.Root, "show.sh");
        string ctl = $"{CtlProcess.Executable} --socket {service.Socket}";
        await File.WriteAllTextAsync(script, $"clear\n{ctl} commit site {name} | cut -c 1-20\n{ctl} upload site {script} | head -n 1\n{ctl} status\n{ctl} history\necho the end\nsleep 60\n");
        try
        {
            Command.Run("tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env", "TZ=UTC", "sh", script).Check();
            string[] lines = [];
            Eventually.True(
                () => (lines = Pane(socket)).Contains("the end"), "all was shown", CtlProcess.Patience);

            Assert.StartsWith("site/nnn", lines[0], StringComparison.Ordinal);
            Assert.StartsWith("site/show.sh is version 1", lines.First(line => line.Contains("show.sh", StringComparison.Ordinal)), StringComparison.Ordinal);
            int header = Array.FindIndex(lines, line => line.StartsWith("ROUTE  STATE  QUEUE", StringComparison.Ordinal));
            Assert.True(header > 0, string.Join('\n', lines));
            Assert.Matches(@"^site   ok +0 +2 +0 +0 +0 B  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", lines[header + 1]);
            int history = Array.FindIndex(lines, line => line.StartsWith("TIME ", StringComparison.Ordinal));
            Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  site   show\.sh +commit +1  \S+$", lines[history + 1]);
            // The long name goes on below itself, in its own column.
            Assert.Matches(@"^ {28}n+$", lines[history + 3]);
        }
        finally
        {
            Command.Run("tmux", "-S", socket, "kill-server");
        }
    }

    [Theory]
    [InlineData("env", true)]
    [InlineData("env NO_COLOR=1", false)]
    public async Task Colours_are_for_terminals_and_not_with_NO_COLOR(string prefix, bool isColoured)
    {
        Assert.SkipUnless(Command.WhyNot("tmux") is null, Command.WhyNot("tmux") ?? "");
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        string socket = Path.Combine(service.Root, "tmux");
        string script = Path.Combine(service.Root, "show.sh");
        await File.WriteAllTextAsync(script, $"clear\n{prefix} {CtlProcess.Executable} --socket {service.Socket} status\necho the end\nsleep 60\n");
        try
        {
            Command.Run("tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env", "-u", "NO_COLOR", "sh", script).Check();
            Eventually.True(() => Pane(socket).Contains("the end"), "all was shown", CtlProcess.Patience);

            string shown = Command.Run("tmux", "-S", socket, "capture-pane", "-p", "-e").Check();
            Assert.Equal(isColoured, shown.Contains("\u001b[", StringComparison.Ordinal));
        }
        finally
        {
            Command.Run("tmux", "-S", socket, "kill-server");
        }
    }

    private static string[] Pane(string socket) => [.. Command.Run("tmux", "-S", socket, "capture-pane", "-p").Output.Split('\n').Select(line => line.TrimEnd())];
}
