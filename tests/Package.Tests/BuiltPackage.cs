using AtomikD.Demo;
using AtomikD.Package;
using AtomikD.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(BuiltPackage))]

namespace AtomikD.Package;

/// <summary>The Debian package and the tarball of these sources, built once, and unpacked as dpkg would.</summary>
public sealed class BuiltPackage : IDisposable
{
    /// <summary>Two loaded cores may take some minutes for a build.</summary>
    internal static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("atomikd-test-package-").FullName;
    private readonly Lazy<string> _deb;
    private readonly Lazy<string> _tarball;
    private readonly Lazy<string> _root;

    public BuiltPackage()
    {
        _deb = new Lazy<string>(() => Build("deploy/debian/build"));
        _tarball = new Lazy<string>(() => Build("deploy/tarball/build"));
        _root = new Lazy<string>(() =>
        {
            string root = Path.Combine(_folder, "root");
            Command.Run("dpkg-deb", "--extract", Deb, root).Check();
            return root;
        });
    }

    /// <summary>Path of the package.</summary>
    public string Deb => _deb.Value;

    public string Tarball => _tarball.Value;

    /// <summary>Where the package is unpacked.</summary>
    public string Root => _root.Value;

    public string Daemon => Path.Combine(Root, "usr/lib/atomikd/atomikd");

    public string Ctl => Path.Combine(Root, "usr/lib/atomikd/atomikctl");

    /// <summary>The tools that building takes; the test is skipped where one is missing.</summary>
    internal static void NeedTools(params ReadOnlySpan<string> more)
    {
        Assert.SkipUnless(Command.WhyNot("dpkg-deb", "gzip", "readelf", "git") is null, Command.WhyNot("dpkg-deb", "gzip", "readelf", "git") ?? "");
        Assert.SkipUnless(Command.WhyNot(more) is null, Command.WhyNot(more) ?? "");
    }

    /// <summary>What the last line of a build's output names. The program is taken from the last run while its sources are the same.</summary>
    private string Build(string script)
    {
        string cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache/atomikd-tests/program");
        CommandResult result = Command.Run(Command.Prepare(Path.Combine(Document.Root, script), "--cache", cache, "--output", _folder), BuildTime);
        return result.Check().Split('\n')[^1];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
