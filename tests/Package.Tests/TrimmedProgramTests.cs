using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

/// <summary>Nothing that is needed was trimmed away.</summary>
public sealed class TrimmedProgramTests(BuiltPackage package)
{
    [Fact]
    public void Every_command_works_against_the_packaged_service()
    {
        BuiltPackage.NeedTools("tar");
        using var daemon = new RunningDaemon(package.Daemon);

        Assert.Contains("\"version\":1", daemon.Drop("app", "one"), StringComparison.Ordinal);
        Assert.Contains("TARGET_EXISTS", daemon.Drop("app", "two"), StringComparison.Ordinal);
        Assert.Contains("TARGET_EXISTS", daemon.Drop("other", "two", """{"name":"app","labels":{"build":"7"}}"""), StringComparison.Ordinal);
        Assert.Contains("CHECKSUM_MISMATCH", daemon.Drop("wrong", "x", $$"""{"sha256":"{{new string('0', 64)}}"}"""), StringComparison.Ordinal);
        Assert.Contains("BAD_MARKER", daemon.Drop("bad", "x", "{"), StringComparison.Ordinal);
        daemon.Ctl("commit", "site", "app", "--overwrite").Check();
        File.WriteAllText(daemon["upload"], "three");
        daemon.Ctl("upload", "site", daemon["upload"], "--name", "app", "--overwrite").Check();
        Assert.Equal("three", File.ReadAllText(daemon["live/app"]));
        Directory.CreateDirectory(daemon["folder/sub"]);
        File.WriteAllText(daemon["folder/sub/file"], "four");
        daemon.Ctl("upload", "site", daemon["folder"]).Check();
        Assert.Equal("four", File.ReadAllText(daemon["live/folder/sub/file"]));
        Assert.Contains("live", daemon.Ctl("versions", "site").Check(), StringComparison.Ordinal);
        Assert.Contains("CHECKSUM_MISMATCH", daemon.Ctl("history", "--failed", "--json").Check(), StringComparison.Ordinal);
        daemon.Ctl("rollback", "site", "app", "--hold", "broken").Check();
        Assert.Equal(75, daemon.Ctl("commit", "site", "other", "--name", "app", "--overwrite").ExitCode);
        Assert.Contains("broken", daemon.Ctl("status").Check(), StringComparison.Ordinal);
        daemon.Ctl("release", "site", "app").Check();
        daemon.Ctl("hold", "site", "folder", "--reason", "later").Check();
        daemon.Ctl("remove", "site", "folder").Check();
        daemon.Ctl("prune", "site").Check();
        Assert.Equal(66, daemon.Ctl("versions", "nowhere").ExitCode);

        (int code, string log) = daemon.Stop();
        Assert.Equal(0, code);
        // <3> is an error, as journald counts.
        Assert.DoesNotContain("\n<3>", "\n" + log, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_and_the_demo_work()
    {
        BuiltPackage.NeedTools();
        using var daemon = new RunningDaemon(package.Daemon);

        Command.Run(package.Daemon, "check", "--config", daemon["atomikd.conf"]).Check();
        Assert.Contains("\"torn\":0", Command.Run(package.Daemon, "demo", "--seconds", "1", "--json").Check().Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(78, Command.Run(package.Daemon, "check", "--config", "/nonexistent").ExitCode);
        Assert.Equal(64, Command.Run(package.Daemon, "chek").ExitCode);
    }
}
