using System.Diagnostics;
using AtomikD.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(AtomikD.Booted.Machine))]

namespace AtomikD.Booted;

/// <summary>
/// A Debian that systemd-nspawn has booted, with the package installed by dpkg: systemd is the real one, and so are its sandbox, journald,
/// users and mounts. One for all tests, which take it in turns.
/// </summary>
public sealed class Machine : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Lazy<Nspawn> _nspawn;

    public Machine()
    {
        _nspawn = new Lazy<Nspawn>(Boot);
        Packages = new Packages(_folder["packages"]);
    }

    internal Packages Packages { get; }

    /// <summary>Its root as seen from here.</summary>
    public string Root => _folder["root"];

    /// <summary>The socket of the calls as seen from here, by the machine's own mounts.</summary>
    public string Socket => $"/proc/{_nspawn.Value.Init}/root/run/atomikd/atomikd.sock";

    /// <summary>Skips the test where no machine can be booted; else it runs.</summary>
    public void Need()
    {
        string? why = !Native.IsRoot ? "needs root to boot a machine"
            : Command.WhyNot("systemd-nspawn", "nsenter", "flock", "dpkg-deb", "gzip", "readelf", "git", "dotnet") ?? DebianRoot.WhyNot ?? WhyNoNamespace();
        Assert.SkipWhen(why is not null, why ?? "");
        _ = _nspawn.Value;
    }

    private static string? WhyNoNamespace() =>
        Command.Run("unshare", "--mount", "--pid", "--fork", "true").Succeeded ? null : "this machine gives no mount and process namespaces";

    private Nspawn Boot()
    {
        Packages.Begin();
        DebianRoot.CopyTo(Root);
        File.WriteAllText(Path.Combine(Root, "etc/machine-id"), "");
        // The journal on the disk, or a rotation in memory loses lines.
        Directory.CreateDirectory(Path.Combine(Root, "var/log/journal"));
        var nspawn = new Nspawn(Root);
        nspawn.Run("useradd", "--create-home", "deploy").Check();
        nspawn.Run("useradd", "--create-home", "other").Check();
        return nspawn;
    }

    /// <summary>A second machine over a copy of the root, to which nothing can be written but /var and /srv, which are in memory.</summary>
    internal Nspawn BootReadOnly()
    {
        string root = _folder["read-only"];
        TempFolder.Remove(root);
        Command.Run("cp", "-a", "--reflink=auto", "--one-file-system", Root, root).Check();
        return new Nspawn(root, "--volatile=state", "--tmpfs=/srv");
    }

    /// <summary>Runs a command in the machine, as root.</summary>
    internal CommandResult Run(params string[] command) => _nspawn.Value.Run(command);

    /// <summary>Runs a shell script in the machine, as root.</summary>
    internal CommandResult Sh(string script) => Run("sh", "-euc", script);

    /// <summary>Runs a shell script in the machine as one of its users, without rights of any kind.</summary>
    internal CommandResult As(string user, string script) => Run("setpriv", "--reuid", user, "--regid", user, "--init-groups", "--inh-caps=-all", "sh", "-euc", script);

    /// <summary>A command of the machine that goes on until it is disposed of.</summary>
    internal Process Start(params string[] command)
    {
        ProcessStartInfo start = _nspawn.Value.Prepare(command);
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        return Process.Start(start)!;
    }

    public void Dispose()
    {
        if (_nspawn is { IsValueCreated: true, Value: { } nspawn })
            nspawn.Dispose();
        _folder.Dispose();
    }
}
