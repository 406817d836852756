using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

/// <summary>The tarball puts the same on a host as the package.</summary>
public sealed class TarballTests(BuiltPackage package) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("atomikd-test-tarball-").FullName;

    [Fact]
    public void Install_puts_in_place_what_the_package_has()
    {
        BuiltPackage.NeedTools("tar");
        Run("install.sh");

        // What is Debian's own is not in the tarball.
        IEnumerable<string> packaged = Files(package.Root)
            .Where(path => !path.Contains("lintian", StringComparison.Ordinal) && !path.EndsWith("changelog.Debian.gz", StringComparison.Ordinal));
        Assert.Equal(packaged, Files(Root));
        foreach (string path in Files(Root))
            Assert.True(Command.Run("cmp", Path.Combine(Root, path), Path.Combine(package.Root, path)).Succeeded, path);
        Command.Run(Path.Combine(Root, "usr/bin/atomikctl"), "--help").Check();
    }

    [Fact]
    public void Another_prefix_reaches_the_units_too()
    {
        BuiltPackage.NeedTools("tar");
        Run("install.sh", "--prefix", "/opt/atomikd");

        Command.Run(Path.Combine(Root, "opt/atomikd/bin/atomikd"), "--version").Check();
        Assert.Contains("ExecStart=/opt/atomikd/bin/atomikd\n", File.ReadAllText(Path.Combine(Root, "etc/systemd/system/atomikd.service")), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Root, "usr")));

        Run("uninstall.sh", "--prefix", "/opt/atomikd");
        Assert.Equal(["etc/atomikd/atomikd.conf", "etc/atomikd/atomikd.conf.d/README"], Files(Root));
    }

    [Fact]
    public void An_upgrade_leaves_the_configuration_and_uninstall_leaves_what_is_not_its_own()
    {
        BuiltPackage.NeedTools("tar");
        Run("install.sh");
        string conf = Path.Combine(Root, "etc/atomikd/atomikd.conf");
        File.WriteAllText(conf, "# mine\n");
        string vault = Directory.CreateDirectory(Path.Combine(Root, "srv/site/live/.atomikd")).FullName;

        Assert.Contains("stays", Run("install.sh"), StringComparison.Ordinal);
        Assert.Equal("# mine\n", File.ReadAllText(conf));
        Assert.True(File.Exists(conf + ".new-version"));

        Run("uninstall.sh");
        Assert.Equal("# mine\n", File.ReadAllText(conf));
        Run("uninstall.sh", "--purge");
        Assert.Empty(Files(Root));
        Assert.True(Directory.Exists(vault));
    }

    private string Root => Path.Combine(_folder, "host");

    private string Run(string script, params string[] arguments)
    {
        string unpacked = Path.Combine(_folder, "unpacked");
        if (!Directory.Exists(unpacked))
        {
            Directory.CreateDirectory(unpacked);
            Command.Run("tar", "-xf", package.Tarball, "-C", unpacked, "--strip-components=1").Check();
        }
        var start = Command.Prepare(Path.Combine(unpacked, script), arguments);
        start.Environment["DESTDIR"] = Root;
        return Command.Run(start).Check();
    }

    private static List<string> Files(string root) =>
        [.. Command.Shell("cd \"$1\" && find . ! -type d -printf '%P\\n'", root).Check().Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
