using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Clients;

/// <summary>clients/sh/publish.sh as it stands, in each shell there is, against a real engine.</summary>
public sealed class ShellClientTests : IDisposable
{
    private static readonly string s_script = Path.Combine(Document.Root, "clients/sh/publish.sh");

    private readonly TempFolder _home = new();

    public static TheoryData<string> Shells => ["dash", "bash", "busybox"];

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_folder_goes_live_and_is_replaced_run_or_sourced(string shell)
    {
        SkipWithout(shell);
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        string build = Build("1");

        Run(shell, s_script, harness.Staging, build, "a site").Check();
        Build("2");
        Run(shell, "-euc", ". \"$1\"; shift; publish \"$@\"", "deploy", s_script, harness.Staging, build, "a site").Check();

        Assert.Equal(2, harness.ReadReceipt("a site")!.Version);
        Assert.Equal("2", File.ReadAllText(harness.Live("a site/index.html")));
        Assert.Equal(["index.html", "sub"], Directory.EnumerateFileSystemEntries(harness.Live("a site")).Select(Path.GetFileName).Order());
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Paths_may_be_relative_and_strange_and_the_thing_a_file(string shell)
    {
        SkipWithout(shell);
        await using EngineHarness harness = await Start(OverwritePolicy.Always);
        _home.Write("-odd *", "1");
        Directory.CreateSymbolicLink(_home["-staging"], harness.Staging);

        CommandResult result = Run(shell, "-euc", "cd \"$1\"; CDPATH=/; . \"$2\"; publish -staging '-odd *' '-a * b'", "deploy", _home.Path, s_script);

        Assert.True(result.Succeeded, result.ToString());
        Assert.Equal("1", File.ReadAllText(harness.Live("-a * b")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_refusal_is_told_and_the_next_try_is_not_nested(string shell)
    {
        SkipWithout(shell);
        await using EngineHarness harness = await Start(OverwritePolicy.OnRequest);
        string build = Build("1");
        Run(shell, s_script, harness.Staging, build, "site").Check();

        foreach (int _ in (int[])[1, 2])
        {
            CommandResult refused = Run(shell, s_script, harness.Staging, build, "site");
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("TARGET_EXISTS", refused.Error, StringComparison.Ordinal);
            Assert.Equal(["index.html", "sub"], Directory.EnumerateFileSystemEntries(harness.Staged("site")).Select(Path.GetFileName).Order());
        }

        ProcessStartInfo start = Prepare(shell, s_script, harness.Staging, build, "site");
        start.Environment["ATOMIKD_MARKER"] = """{"overwrite":true}""";
        Command.Run(start).Check();
        Assert.Equal(2, harness.ReadReceipt("site")!.Version);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task Without_receipts_for_success_it_tells_all_the_same(string shell)
    {
        SkipWithout(shell);
        await using EngineHarness harness = await Start(OverwritePolicy.OnRequest, ReceiptsPolicy.Failures);
        string build = Build("1");

        Run(shell, s_script, harness.Staging, build, "site").Check();
        Assert.Equal(1, Run(shell, s_script, harness.Staging, build, "site").ExitCode);
        Run(shell, s_script, harness.Staging, _home["build/index.html"], "page").Check();

        Assert.Equal("1", File.ReadAllText(harness.Live("page")));
        Assert.Null(harness.ReadReceipt("page"));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public void What_cannot_be_asked_for_is_not_staged(string shell)
    {
        SkipWithout(shell);
        string staging = _home.MakeFolder("staging");
        string build = Build("1");

        Assert.Equal(2, Run(shell, s_script).ExitCode);
        Assert.Equal(2, Run(shell, s_script, _home["nowhere"], build, "site").ExitCode);
        Assert.Equal(2, Run(shell, s_script, staging, _home["nowhere"], "site").ExitCode);
        foreach (string name in (string[])["", ".", "..", ".site", "a/b", "../site", "a.ready", "a.done", "a.failed"])
            Assert.Equal(2, Run(shell, s_script, staging, build, name).ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(staging));
        Assert.Equal(["index.html", "sub"], Directory.EnumerateFileSystemEntries(build).Select(Path.GetFileName).Order());
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public void When_nobody_answers_it_says_what_waits_and_asks_no_second_time(string shell)
    {
        SkipWithout(shell);
        string staging = _home.MakeFolder("staging");
        string build = Build("1");

        CommandResult late = RunFor(1, shell, s_script, staging, build, "site");
        CommandResult again = Run(shell, s_script, staging, build, "site");

        Assert.Equal(3, late.ExitCode);
        Assert.Contains($"{staging}/site.ready still waits after 1 s", late.Error, StringComparison.Ordinal);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("an earlier request still waits", again.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(staging, "site/index.html")));
    }

    /// <summary>What happens to staging, and the code: 1 where nothing was committed for sure, 3 where nothing is left that tells.</summary>
    [Theory]
    [InlineData("rm site.ready", 1, 20)]
    [InlineData("rm -r site; rm site.ready", 3, 20)]
    [InlineData("mv site ../moved; rm site.ready", 3, 20)]
    [InlineData("rm -r site; rm -r ../staging", 3, 20)]
    [InlineData("mv ../staging ../away; mkdir ../staging", 3, 1)]
    public void Staging_that_is_meddled_with_is_never_success(string meddling, int code, int timeout)
    {
        foreach (string shell in Shells.Select(row => row.Data).Where(shell => Command.Find(shell) is not null))
        {
            string staging = _home.MakeFolder("staging");
            // As if it had been published before.
            File.WriteAllText(Path.Combine(staging, "site.done"), "{}");
            using Process meddler = Process.Start(Command.Prepare("sh", "-euc", "cd \"$1\"; while [ ! -e site.ready ]; do sleep 0.01; done; " + meddling, "sh", staging))!;

            CommandResult result = RunFor(timeout, shell, s_script, staging, Build("1"), "site");

            meddler.WaitForExit();
            Assert.True(result.ExitCode == code, result.ToString());
            TempFolder.Remove(staging);
            TempFolder.Remove(_home["away"]);
            TempFolder.Remove(_home["moved"]);
        }
    }

    [Fact]
    public void Unmounted_staging_is_never_success()
    {
        if (OwnMounts.WhyNot is { } reason)
            Assert.Skip(reason);
        _home.MakeFolder("mount");

        CommandResult result = OwnMounts.Run("""
            mount -t tmpfs none "$1/mount"
            mkdir "$1/mount/staging"
            { while [ ! -e "$1/mount/staging/site.ready" ]; do sleep 0.01; done; umount -l "$1/mount"; } &
            ATOMIKD_TIMEOUT=2 exec sh "$2" "$1/mount/staging" "$3" site
            """, _home.Path, s_script, Build("1"));

        Assert.Equal(3, result.ExitCode);
    }

    public void Dispose() => _home.Dispose();

    private string Build(string text)
    {
        _home.Write("build/index.html", text);
        _home.MakeFolder("build/sub");
        return _home["build"];
    }

    private static async Task<EngineHarness> Start(OverwritePolicy overwrite, ReceiptsPolicy receipts = ReceiptsPolicy.All) =>
        await new EngineHarness(configure: route => route with { Overwrite = overwrite, Receipts = receipts }).StartAsync();

    private static CommandResult Run(string shell, params string[] arguments) => Command.Run(Prepare(shell, arguments));

    /// <summary>Where no service runs, all of it is waited.</summary>
    private static CommandResult RunFor(int seconds, string shell, params string[] arguments)
    {
        ProcessStartInfo start = Prepare(shell, arguments);
        start.Environment["ATOMIKD_TIMEOUT"] = $"{seconds}";
        return Command.Run(start);
    }

    private static ProcessStartInfo Prepare(string shell, params string[] arguments) =>
        shell == "busybox" ? Command.Prepare("busybox", ["sh", .. arguments]) : Command.Prepare(shell, arguments);

    private static void SkipWithout(string shell)
    {
        if (Command.WhyNot(shell) is { } reason)
            Assert.Skip(reason);
    }
}
