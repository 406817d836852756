using AtomikD.Demo;
using AtomikD.Support;

namespace AtomikD.Booted;

/// <summary>The Debian package of these sources, built as users build it. The program in it is taken from the last run while its sources are the same.</summary>
internal sealed class Packages
{
    /// <summary>Two loaded cores may take some minutes for a build.</summary>
    private static readonly TimeSpan s_buildTime = TimeSpan.FromMinutes(30);

    private readonly string _folder;
    private readonly Lazy<Task<string>> _first;
    private readonly Lazy<string> _second;

    public Packages(string folder)
    {
        _folder = folder;
        _first = new Lazy<Task<string>>(() => Task.Factory.StartNew(Build, TaskCreationOptions.LongRunning));
        _second = new Lazy<string>(Renumber);
    }

    public static string Cache => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache/atomikd-tests");

    public string First => _first.Value.GetAwaiter().GetResult();

    /// <summary>The same with a higher number, as the next package is to dpkg.</summary>
    public string Second => _second.Value;

    /// <summary>Building goes on while the machine boots.</summary>
    public void Begin() => _ = _first.Value;

    private string Build() => Command.Run(Command.Prepare(Path.Combine(Document.Root, "deploy/debian/build"),
        "--cache", Path.Combine(Cache, "program"), "--output", Directory.CreateDirectory(_folder).FullName), s_buildTime).Check().Split('\n')[^1];

    private string Renumber()
    {
        string second = Path.Combine(_folder, "second.deb");
        Command.Run(Command.Prepare("sh", "-euc", """
            dpkg-deb --raw-extract "$1" "$2.tree"
            sed -i 's/^Version: .*/&+next/' "$2.tree/DEBIAN/control"
            dpkg-deb --root-owner-group -Znone --build "$2.tree" "$2"
            """, "sh", First, second), s_buildTime).Check();
        return second;
    }
}
