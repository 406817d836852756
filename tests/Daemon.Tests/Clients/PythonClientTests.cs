using System.Diagnostics;
using AtomikD.Configuration;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Clients;

/// <summary>clients/python as it stands, against a real engine.</summary>
public sealed class PythonClientTests
{
    private static readonly string s_folder = Path.Combine(Document.Root, "clients/python");

    [Fact]
    public async Task Its_own_tests_pass_and_with_them_those_of_the_ancestor()
    {
        SkipWithoutPython();
        await using EngineHarness harness = await Start(route => route);

        CommandResult result = Python(harness, "-m", "unittest", "test_atomikd");

        Assert.True(result.Succeeded, result.ToString());
        Assert.DoesNotContain("skipped", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_receipts_for_success_it_tells_the_version_and_refusals_all_the_same()
    {
        SkipWithoutPython();
        await using EngineHarness harness = await Start(route => route with { Receipts = ReceiptsPolicy.Failures });
        const string Program = """
            import atomikd, sys
            publication = atomikd.folder(sys.argv[1], overwrite=eval(sys.argv[2]))
            try:
                with publication as path:
                    (path / "a").write_text("1")
                print(publication.result.name, publication.result.version, path.exists())
            except atomikd.RefusedError as error:
                print(error.reason)
            """;

        Assert.Equal("site 1 False", Python(harness, "-c", Program, harness.Live("site"), "False").Check());
        Assert.Equal("site 2 False", Python(harness, "-c", Program, harness.Live("site"), "True").Check());
        Assert.Equal("TARGET_EXISTS", Python(harness, "-c", Program, harness.Live("site"), "False").Check());
    }

    [Fact]
    public async Task Without_receipts_for_success_a_copy_to_another_file_system_is_told_too()
    {
        SkipWithoutPython();
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "there is no /dev/shm");
        using var memory = new TempFolder("/dev/shm");
        await using EngineHarness harness = await Start(route => route with
        {
            Staging = memory.MakeFolder("staging"),
            CrossDevice = CrossDevicePolicy.Copy,
            Receipts = ReceiptsPolicy.Failures,
        });
        const string Program = """
            import atomikd, sys
            for publication in (atomikd.folder(sys.argv[1] + "/a"), atomikd.file(sys.argv[1] + "/b")):
                with publication:
                    pass
                print(publication.result.name)
            """;

        Assert.Equal("a\nb", Python(harness, "-c", Program, harness.Target).Check());
        Assert.True(Directory.Exists(harness.Live("a")) && File.Exists(harness.Live("b")));
    }

    /// <summary>Staging that everybody may write into and nobody list, as a mail spool.</summary>
    [Fact]
    public async Task A_producer_without_the_right_to_list_staging_publishes()
    {
        if ((ForeignUser.WhyNot ?? (File.Exists("/usr/bin/python3") ? null : "there is no /usr/bin/python3")) is { } reason)
            Assert.Skip(reason);
        await using EngineHarness harness = await Start(route => route);
        Command.Run("chmod", "1733", harness.Staging).Check();
        string copy = Directory.CreateDirectory(Path.Combine(harness.Root, "client")).FullName;
        File.Copy(Path.Combine(s_folder, "atomikd.py"), Path.Combine(copy, "atomikd.py"));
        const string Program = """
            import atomikd, sys
            publication = atomikd.folder(sys.argv[1], staging=sys.argv[2], synced=True, keep_failed=False)
            try:
                with publication as path:
                    (path / "a").write_text("1")
                print(publication.result.version)
            except atomikd.FileAlreadyExistsError as error:
                print(error.reason, error.item)
            """;

        string Publish() => ForeignUser.Run(ForeignUser.Stranger, "cd \"$1\"; exec /usr/bin/python3 -B -W error -c \"$2\" \"$3\" \"$4\"",
            copy, Program, harness.Live("site"), harness.Staging).Check();

        Assert.Equal("1", Publish());
        Assert.Equal("TARGET_EXISTS None", Publish());
        Assert.DoesNotContain(Directory.EnumerateDirectories(harness.Staging), path => path.EndsWith("-site", StringComparison.Ordinal));
    }

    [Fact]
    public void Unmounted_staging_is_never_success()
    {
        SkipWithoutPython();
        if (OwnMounts.WhyNot is { } reason)
            Assert.Skip(reason);
        using var home = new TempFolder();
        const string Program = """
            import atomikd, subprocess, sys, threading, time, pathlib
            home, staging = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[1]) / "mount" / "staging"
            def unmount():
                while not list(staging.glob("*.ready")):
                    time.sleep(0.001)
                subprocess.run(["umount", "-l", str(home / "mount")], check=True)
            threading.Thread(target=unmount).start()
            try:
                with atomikd.file(home / "live" / "a", staging=staging, timeout=3) as out:
                    out.write("1")
                print("success")
            except atomikd.PendingError as error:
                print("another folder now" in str(error))
            """;

        Assert.Equal("True", OwnMounts.Run("mount -t tmpfs none \"$1/mount\"; mkdir \"$1/mount/staging\"; cd \"$2\"; exec python3 -B -c \"$3\" \"$1\"",
            Path.GetDirectoryName(home.MakeFolder("mount"))!, s_folder, Program).Check());
    }

    private static async Task<EngineHarness> Start(Func<RouteSettings, RouteSettings> configure) =>
        await new EngineHarness(configure: route => configure(route with { Overwrite = OverwritePolicy.OnRequest })).StartAsync();

    private static CommandResult Python(EngineHarness harness, params string[] arguments)
    {
        ProcessStartInfo start = Prepare(arguments);
        start.Environment["ATOMIKD_STAGING"] = $"{harness.Target}={harness.Staging}";
        return Command.Run(start, TimeSpan.FromMinutes(3));
    }

    private static ProcessStartInfo Prepare(params string[] arguments)
    {
        ProcessStartInfo start = Command.Prepare("/usr/bin/env", ["python3", "-B", "-W", "error::ResourceWarning", .. arguments]);
        start.WorkingDirectory = s_folder;
        return start;
    }

    private static void SkipWithoutPython()
    {
        if (Command.WhyNot("python3") is { } reason)
            Assert.Skip(reason);
    }
}
