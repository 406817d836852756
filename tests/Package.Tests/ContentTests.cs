using System.Text.RegularExpressions;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

/// <summary>What the package puts on a host.</summary>
public sealed class ContentTests(BuiltPackage package)
{
    private static string Version => Regex.Match(new Document("Directory.Build.props").Text, "<Version>(.*)</Version>").Groups[1].Value;

    [Theory]
    [InlineData("usr/lib/atomikd/atomikd", "755")]
    [InlineData("usr/lib/atomikd/libe_sqlite3.so", "644")]
    [InlineData("lib/systemd/system/atomikd.service", "644")]
    [InlineData("lib/systemd/system/atomikd.socket", "644")]
    [InlineData("usr/lib/sysusers.d/atomikd.conf", "644")]
    [InlineData("usr/lib/tmpfiles.d/atomikd.conf", "644")]
    [InlineData("etc/atomikd/atomikd.conf", "644")]
    [InlineData("etc/atomikd/atomikd.conf.d/README", "644")]
    [InlineData("usr/share/man/man8/atomikd.8.gz", "644")]
    [InlineData("usr/share/man/man1/atomikctl.1.gz", "644")]
    [InlineData("usr/share/man/man5/atomikd.conf.5.gz", "644")]
    [InlineData("usr/share/bash-completion/completions/atomikctl", "644")]
    [InlineData("usr/share/doc/atomikd/operations.md", "644")]
    [InlineData("usr/share/doc/atomikd/copyright", "644")]
    [InlineData("usr/share/doc/atomikd/changelog.gz", "644")]
    [InlineData("usr/share/atomikd/protos/atomikd/v1/commit_service.proto", "644")]
    public void A_file_stands_in_its_place(string path, string mode)
    {
        BuiltPackage.NeedTools();

        Assert.Equal(mode, Command.Run("stat", "-c", "%a", Path.Combine(package.Root, path)).Check());
    }

    [Fact]
    public void Both_commands_are_one_file_and_have_the_version()
    {
        BuiltPackage.NeedTools();

        Assert.Equal(Command.Run("stat", "-c", "%i", package.Daemon).Check(), Command.Run("stat", "-c", "%i", package.Ctl).Check());
        Assert.Equal("../lib/atomikd/atomikd", new FileInfo(Path.Combine(package.Root, "usr/bin/atomikd")).LinkTarget);
        Assert.Equal("../lib/atomikd/atomikctl", new FileInfo(Path.Combine(package.Root, "usr/bin/atomikctl")).LinkTarget);
        Assert.Equal(Version, Command.Run(package.Daemon, "--version").Check());
        Assert.Equal(Version, Command.Run(package.Ctl, "--version").Check());
        Assert.Contains("atomikd demo", Command.Run(package.Daemon, "--help").Check(), StringComparison.Ordinal);
        Assert.Contains("atomikctl [command]", Command.Run(package.Ctl, "--help").Check(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_control_file_has_the_version_and_what_the_binaries_need()
    {
        BuiltPackage.NeedTools();

        Assert.Equal($"{Version}-1", Field("Version"));
        string depends = Field("Depends");
        Assert.Matches(@"libc6 \(>= 2\.\d+\)", depends);
        foreach (string needed in (string[])["libstdc++6", "libgcc-s1", "libssl3"])
            Assert.Contains(needed, depends, StringComparison.Ordinal);
        // Whatever is linked comes with the packages above.
        string linked = Command.Shell("readelf --dynamic --wide \"$1\" \"$2\" | sed -n 's/.*NEEDED.*\\[\\(.*\\)\\]/\\1/p' | sort -u",
            package.Daemon, Path.Combine(package.Root, "usr/lib/atomikd/libe_sqlite3.so")).Check();
        string[] known = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libstdc++.so.6", "libgcc_s.so.1"];
        Assert.Empty(linked.Split('\n').Except(known));
    }

    [Fact]
    public void All_that_is_in_etc_is_a_conffile()
    {
        BuiltPackage.NeedTools();

        string[] conffiles = Command.Run("dpkg-deb", "--info", package.Deb, "conffiles").Check().Split('\n');

        Assert.Equal(Directory.EnumerateFiles(Path.Combine(package.Root, "etc"), "*", SearchOption.AllDirectories)
            .Select(path => path[package.Root.Length..]).Order(StringComparer.Ordinal), conffiles);
    }

    [Fact]
    public void Files_belong_to_root()
    {
        BuiltPackage.NeedTools();

        string[] lines = Command.Run("dpkg-deb", "--contents", package.Deb).Check().Split('\n');

        Assert.All(lines, line => Assert.Contains(" root/root ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Lintian_has_nothing_to_say()
    {
        BuiltPackage.NeedTools("lintian");

        CommandResult result = Command.Run(Command.Prepare("lintian", "--allow-root", "--fail-on", "error,warning", package.Deb), BuiltPackage.BuildTime);

        Assert.True(result.Succeeded, result.Output + result.Error);
    }

    [Fact]
    public void The_scripts_of_the_package_are_scripts_for_any_shell()
    {
        BuiltPackage.NeedTools("dash");

        foreach (string script in (string[])["postinst", "prerm", "postrm"])
            Command.Shell("dpkg-deb --info \"$1\" \"$2\" | dash -n", package.Deb, script).Check();
        foreach (string script in (string[])["install.sh", "uninstall.sh"])
            Command.Run("dash", "-n", Path.Combine(Document.Root, "deploy/tarball", script)).Check();
    }

    private string Field(string name) => Command.Run("dpkg-deb", "--field", package.Deb, name).Check();
}
