using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Demo;

/// <summary>What the README says to paste works as it stands there.</summary>
public sealed class ReadmeTests : IDisposable
{
    private static readonly Document s_readme = new("README.md");
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _home = new();

    private string Routes => _home.MakeFolder("atomik");

    [Fact]
    public void Its_route_its_service_and_its_drop_from_bash_work_one_after_the_other()
    {
        Run("sh", "-eu", "-c", s_readme.Block("sh", "atomikd.conf <<")).Check();
        string command = s_readme.Block("sh", "-- --config").Trim();
        Assert.StartsWith("dotnet run -c Release --project src/Daemon -- --config ", command, StringComparison.Ordinal);
        using Process service = Process.Start(WithHome("sh", "-c", $"exec {DemoProcess.Executable} {command[command.IndexOf("--config", StringComparison.Ordinal)..]}"))!;
        _ = service.StandardOutput.ReadToEndAsync();

        CommandResult result = Run("bash", "-c", s_readme.Blocks("bash").Single());

        Assert.True(result.Succeeded, result.ToString());
        Assert.Contains("\"version\":1", result.Output, StringComparison.Ordinal);
        Assert.Contains(File.ReadAllText(_home["atomik/build/index.html"]), result.Output, StringComparison.Ordinal);
        Command.Run("kill", $"{service.Id}").Check();
        Assert.True(service.WaitForExit(s_patience));
        Assert.Equal(0, service.ExitCode);
    }

    [Fact]
    public async Task Its_drop_from_bash_replaces_and_tells_refusals()
    {
        await using EngineHarness harness = await new EngineHarness(Routes, route => route with { Overwrite = OverwritePolicy.Always }).StartAsync();
        string bash = s_readme.Blocks("bash").Single();
        string function = bash[..bash.IndexOf("\n\n", StringComparison.Ordinal)];

        Run("bash", "-c", bash).Check();
        Run("bash", "-c", bash).Check();

        Assert.Equal(2, harness.ReadReceipt("site")!.Version);
        Assert.Equal(["index.html"], Directory.EnumerateFileSystemEntries(harness.Live("site")).Select(Path.GetFileName));
        foreach (string shell in (string[])["bash", "sh"])
        {
            Assert.Equal(2, Run(shell, "-c", function + "\npublish ~/nowhere ~/atomik/build site").ExitCode);
            Assert.Equal(2, Run(shell, "-c", function + "\npublish ~/atomik/staging ~/nowhere site").ExitCode);
            CommandResult refused = Run(shell, "-c", function + "\npublish ~/atomik/staging ~/atomik/build .site");
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("INVALID_NAME", refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Its_drop_from_python_publishes_replaces_and_tells_refusals()
    {
        SkipWithoutPython();
        await using EngineHarness harness = await new EngineHarness(Routes, route => route with { Overwrite = OverwritePolicy.Always }).StartAsync();
        _home.Write("atomik/build/index.html", "hello");
        string python = s_readme.Blocks("python").Single();

        Assert.Equal("version 1", Run("python3", "-c", python).Check());
        Assert.Equal("version 2", Run("python3", "-c", python).Check());

        Assert.Equal("hello", File.ReadAllText(harness.Live("site/index.html")));
        CommandResult refused = Run("python3", "-c", python.Replace("\"site\")", "\".site\")", StringComparison.Ordinal));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("RuntimeError", refused.Error, StringComparison.Ordinal);
        Assert.Contains("INVALID_NAME", refused.Error, StringComparison.Ordinal);
        // The refused item stands in staging again, and the next try is not nested into it.
        Assert.True(Directory.Exists(harness.Staged(".site")));
        Assert.Contains("INVALID_NAME", Run("python3", "-c", python.Replace("\"site\")", "\".site\")", StringComparison.Ordinal)).Error, StringComparison.Ordinal);
        Assert.Equal(["index.html"], Directory.EnumerateFileSystemEntries(harness.Staged(".site")).Select(Path.GetFileName));
    }

    [Fact]
    public void Its_drop_from_python_waits_no_longer_than_it_is_told()
    {
        SkipWithoutPython();
        Directory.CreateDirectory(Path.Combine(Routes, "staging"));
        _home.Write("atomik/build/index.html", "hello");

        CommandResult result = Run("python3", "-c", s_readme.Blocks("python").Single().Replace("timeout=60", "timeout=0.2", StringComparison.Ordinal));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("TimeoutError", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_two_commands_stand_alone_on_their_lines()
    {
        string[] lines = [.. s_readme.Blocks("sh").SelectMany(block => block.Split('\n'))];

        Assert.Contains("dotnet run -c Release --project src/Daemon -- demo", lines);
        Assert.Contains("dotnet test -c Release", lines);
    }

    [Fact]
    public void Its_links_lead_somewhere()
    {
        Assert.NotEmpty(s_readme.Links);
        foreach (string link in s_readme.Links)
            Assert.True(Path.Exists(Path.Combine(Document.Root, link.Split('#')[0])), link);
    }

    public void Dispose() => _home.Dispose();

    private CommandResult Run(string tool, params string[] arguments) => Command.Run(WithHome(tool, arguments), s_patience);

    private ProcessStartInfo WithHome(string tool, params string[] arguments)
    {
        ProcessStartInfo start = Command.Prepare(tool, arguments);
        start.Environment["HOME"] = _home.Path;
        start.RedirectStandardOutput = true;
        return start;
    }

    private static void SkipWithoutPython()
    {
        if (Command.WhyNot("python3") is { } reason)
            Assert.Skip(reason);
    }
}
