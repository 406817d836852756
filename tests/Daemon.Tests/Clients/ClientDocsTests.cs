using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Clients;

/// <summary>What docs/clients.md says to paste works as it stands there, with folders of the test's own.</summary>
public sealed class ClientDocsTests
{
    private static readonly Document s_docs = new("docs/clients.md");

    [Theory]
    [InlineData("bash")]
    [InlineData("dash")]
    public async Task Its_ways_to_publish_from_a_shell_work_one_after_the_other(string shell)
    {
        if (Command.WhyNot(shell) is { } reason)
            Assert.Skip(reason);
        await using EngineHarness harness = await Start();
        Support.Producer.Write(Path.Combine(harness.Root, "build/index.html"), "hello");
        Directory.CreateSymbolicLink(Path.Combine(harness.Root, "clients"), Path.Combine(Document.Root, "clients"));

        Run(harness, shell, "-euc", Adapted(harness, s_docs.Block("sh", ". clients/sh/publish.sh"))).Check();
        Run(harness, shell, "-euc", Adapted(harness, s_docs.Block("sh", "ATOMIKD_MARKER="))).Check();

        Assert.Equal("hello", File.ReadAllText(harness.Live("app/index.html")));
        Assert.Equal(2, harness.ReadReceipt("app")!.Version);
    }

    [Fact]
    public async Task Its_programs_in_Python_work_one_after_the_other()
    {
        SkipWithoutPython();
        await using EngineHarness harness = await Start();
        string[] programs = [.. s_docs.Blocks("python").Where(program => !program.Contains("grpc", StringComparison.Ordinal))];

        // Of all, in order: what one publishes the next reads; and again, when all is there.
        string[] said = [.. programs.Concat(programs).Select(program => Python(harness, program).Check())];

        Assert.Equal(4, programs.Length);
        Assert.Equal(["", "version 1 replaced 0", "", "<h1>Hello</h1>", "", "version 2 replaced 1", "", "<h1>Hello</h1>"], said);
        Assert.Equal("User-agent: *\n", File.ReadAllText(harness.Live("robots.txt")));
        Assert.Equal("<h1>Hello</h1>", File.ReadAllText(harness.Live("docs/index.html")));
        Assert.Equal("a,b\n", File.ReadAllText(harness.Live("report.csv")));
        // The client's own items and receipts are gone; the one of the item that was committed after all stays.
        Assert.EndsWith("-report.csv.done", Assert.Single(Directory.GetFileSystemEntries(harness.Staging)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ReceiptsPolicy.All, "version 1 replaced 0")]
    [InlineData(ReceiptsPolicy.Failures, "version 1 replaced None")]
    internal async Task A_producer_in_a_container_says_what_belongs_together_as_it_sees_it(ReceiptsPolicy receipts, string expected)
    {
        SkipWithoutPython();
        if (OwnMounts.WhyNot is { } reason)
            Assert.Skip(reason);
        await using EngineHarness harness = await Start(receipts);
        string mine = Directory.CreateDirectory(Path.Combine(harness.Root, "mine")).FullName;
        string told = s_docs.Text.Split("ATOMIKD_STAGING=/srv/site/live=/staging`").Length == 2 ? $"/srv/site/live={mine}" : "";

        CommandResult result = OwnMounts.Run("""
            mount --bind "$1/staging" "$1/mine"
            mount -t tmpfs none "$1/live"
            mount -t tmpfs none "$1/staging"
            cd "$2"
            ATOMIKD_STAGING=$3 exec python3 -B -W error -c "$4"
            """, harness.Root, Path.Combine(Document.Root, "clients/python"), told, s_docs.Block("python", "publication.result"));

        Assert.Equal(expected, result.Check());
        Assert.True(File.Exists(harness.Live("app/index.html")));
    }

    [Fact]
    public async Task Its_reader_reads_what_is_live_under_a_lock_and_its_attribute_is_the_version()
    {
        if (Command.WhyNot("flock", "tar", "getfattr") is { } reason)
            Assert.Skip(reason);
        await using EngineHarness harness = await Start();
        harness.PublishFolder("app", "1");
        string reader = Adapted(harness, s_docs.Block("sh", "flock -s"));
        string attribute = Adapted(harness, s_docs.Text.Split('`').Single(code => code.StartsWith("getfattr", StringComparison.Ordinal)));

        Run(harness, "sh", "-euc", reader).Check();

        Assert.Contains("./index.html", Run(harness, "tar", "tf", Path.Combine(harness.Root, "app.tar")).Check(), StringComparison.Ordinal);
        Assert.Equal("1", Run(harness, "sh", "-euc", attribute).Check());
    }

    [Fact]
    public async Task Its_watch_hears_each_commit_once()
    {
        if (Command.WhyNot("inotifywait") is { } reason)
            Assert.Skip(reason);
        await using EngineHarness harness = await Start();
        ProcessStartInfo start = Command.Prepare("sh", "-euc", Adapted(harness, s_docs.Block("sh", "inotifywait")).Replace("-m -q", "-m", StringComparison.Ordinal));
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using Process watch = Process.Start(start)!;
        while (await watch.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && !line.Contains("established", StringComparison.Ordinal))
        {
        }

        harness.PublishFolder("app", "1");
        harness.PublishFolder("app", "2", """{"overwrite":true}""");
        harness.PublishFolder("end", "1");

        Assert.Equal("app is new", await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("app is new", await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("end is new", await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        watch.Kill(entireProcessTree: true);
    }

    [Fact]
    public void Systemd_knows_each_line_of_its_units()
    {
        if (Command.WhyNot("systemd-analyze") is { } reason)
            Assert.Skip(reason);
        using var home = new TempFolder();
        foreach (string unit in s_docs.Blocks("ini"))
            home.Write(Path.GetFileName(unit.Split('\n')[0][2..]), unit.Replace("/usr/local/bin/site-reload", "/bin/true", StringComparison.Ordinal));

        CommandResult result = Command.Run("systemd-analyze", "verify", home["site-reload.path"], home["site-reload.service"]);

        Assert.True(result.Succeeded, result.ToString());
        Assert.DoesNotContain("site-reload", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_exception_of_the_Python_client_is_in_the_table()
    {
        SkipWithoutPython();
        const string Program = "import atomikd; print(*sorted(n for n in atomikd.__all__ if n.endswith('Error') and n not in ('AtomikError', 'AtomikdError')))";

        string known = Command.Run(Prepare(Program)).Check();

        Assert.Equal(known.Split(' '), s_docs.Rows("Python").Select(row => row[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Its_links_lead_somewhere()
    {
        Assert.NotEmpty(s_docs.Links);
        foreach (string link in s_docs.Links)
            Assert.True(Path.Exists(Path.Combine(Document.Root, "docs", link.Split('#')[0])), link);
    }

    private static async Task<EngineHarness> Start(ReceiptsPolicy receipts = ReceiptsPolicy.All) =>
        await new EngineHarness(configure: route => route with { Overwrite = OverwritePolicy.OnRequest, Receipts = receipts }).StartAsync();

    private static string Adapted(EngineHarness harness, string text) => text
        .Replace("/srv/site", harness.Root, StringComparison.Ordinal).Replace("/tmp/app.tar", Path.Combine(harness.Root, "app.tar"), StringComparison.Ordinal);

    private static CommandResult Run(EngineHarness harness, string tool, params string[] arguments)
    {
        ProcessStartInfo start = Command.Prepare(tool, arguments);
        start.WorkingDirectory = harness.Root;
        return Command.Run(start);
    }

    private static CommandResult Python(EngineHarness harness, string program)
    {
        ProcessStartInfo start = Prepare(Adapted(harness, program));
        start.Environment["ATOMIKD_STAGING"] = $"{harness.Target}={harness.Staging}";
        return Command.Run(start);
    }

    private static ProcessStartInfo Prepare(string program)
    {
        ProcessStartInfo start = Command.Prepare("/usr/bin/env", ["python3", "-B", "-W", "error", "-c", program]);
        start.WorkingDirectory = Path.Combine(Document.Root, "clients/python");
        return start;
    }

    private static void SkipWithoutPython()
    {
        if (Command.WhyNot("python3") is { } reason)
            Assert.Skip(reason);
    }
}
