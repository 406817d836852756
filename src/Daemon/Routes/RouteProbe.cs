using System.Text;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Systemd;

namespace AtomikD.Routes;

/// <summary>
/// Tries on a route's real folders what commits will do, and explains what does not work before the first item comes. It works
/// beside a running daemon: it makes only files of its own, with names that no item can have, and removes them again.
/// </summary>
internal sealed partial class RouteProbe : IDisposable
{
    /// <summary>How the names of probe files start. One that a killed probe left behind may be deleted by anybody.</summary>
    public const string NamePrefix = ".atomikd-probe-";

    private const uint PrivateFile = 0x180;
    private const uint PrivateFolder = 0x1C0;
    private const uint PermissionBits = 0x1FF;

    private readonly RouteSettings _route;
    private readonly uint _owner;
    private readonly MountTable _mounts = MountTable.Read();
    private readonly ulong _capabilities = Capabilities.Effective();
    private readonly string _unique = NamePrefix + Guid.NewGuid().ToString("N");
    private readonly List<Finding> _findings = [];
    private readonly List<(Fd Folder, Name Name)> _leftovers = [];
    private readonly List<Place> _places = [];
    private bool _crossDevice;
    private bool _durable = true;
    private bool _needsPolling;
    private bool _foldsCase;

    private RouteProbe(RouteSettings route, uint owner)
    {
        _route = route;
        _owner = owner;
    }

    /// <summary>A folder of the route, open.</summary>
    private sealed record Place(string Word, string Path, Fd Folder, FileStatus Status, SysStatfs.statfs Room, Mount? Mount)
    {
        public string FileSystem => Mount?.Type ?? $"file system 0x{Room.f_type:x}";

        public override string ToString() => $"the {Word} {Path}";
    }

    /// <param name="route">Its folders are used as they are; nothing is made that stays.</param>
    /// <param name="owner">Whose the vault must be: the daemon's user, this process's own if not said.</param>
    public static ProbeReport Run(RouteSettings route, uint? owner = null)
    {
        // The probe takes a lease.
        Signal.IgnoreSigio();
        using var probe = new RouteProbe(route, owner ?? Unistd.GetEuid());
        probe.Run();
        return new ProbeReport
        {
            Findings = probe._findings,
            CrossDevice = probe._crossDevice,
            Durable = probe._durable,
            NeedsPolling = probe._needsPolling,
            FoldsCase = probe._foldsCase,
        };
    }

    private void Run()
    {
        Place? staging = Open("staging", _route.Staging);
        Place? target = Open("target", _route.Target);
        if (staging is null || target is null)
            return;
        CheckFileSystems(staging, target);
        CheckRights(staging, target);
        if (IsReadOnly(staging) | IsReadOnly(target))
            return;
        Place? vault = OpenVault(target);
        CheckLeases(staging);
        CheckNames(target);
        if (vault is not null)
            CheckRenames(staging, vault, target);
    }

    public void Dispose()
    {
        // The latest first: a folder must be empty to go. Which of the two a name is now depends on how far the probe came.
        foreach ((Fd folder, Name name) in Enumerable.Reverse(_leftovers))
        {
            if (Unistd.UnlinkAt(folder, name) is not (Errno.None or Errno.ENOENT))
                Unistd.UnlinkAt(folder, name, Fcntl.AT_REMOVEDIR);
        }
        foreach (Place place in _places)
            place.Folder.Dispose();
    }

    private void Add(Severity severity, string message, string hint = "") => _findings.Add(new Finding(severity, message, hint));

    private Name Own(string suffix, Place place)
    {
        Name name = Name.Of(_unique + suffix);
        _leftovers.Add((place.Folder, name));
        return name;
    }

    /// <summary>
    /// Makes an empty file of the probe's own; what forbids it is told. It is never open for writing: a process that is started at
    /// that moment would hold it open until it executes, and the lease would be refused.
    /// </summary>
    private bool MakeFile(Place place, Name name)
    {
        Errno errno = Stat.MknodAt(place.Folder, name, Stat.S_IFREG | PrivateFile, 0);
        return errno == Errno.None || CannotMake(errno, place);
    }

    private bool MakeFolder(Place place, Name name)
    {
        Errno errno = Stat.MkdirAt(place.Folder, name, PrivateFolder);
        return errno == Errno.None || CannotMake(errno, place);
    }

    private bool CannotMake(Errno errno, Place place)
    {
        // Full is no fault of the set-up, and what is renamed needs no room.
        if (errno is Errno.ENOSPC or Errno.EDQUOT)
            Add(Severity.Warning, $"There is no room for a probe file in {place} ({errno.Describe()}), so not everything could be tried.", "Free space or inodes, or raise the quota.");
        else
            _findings.Add(new Finding(Severity.Error, $"Cannot make a file in {place}: {errno.Describe()}. {Whose(place)}", WriteHint(errno, place)) { IsOfUnit = errno == Errno.EROFS });
        return false;
    }

    private static string Whose(Place place) =>
        $"It belongs to {Accounts.DescribeUser(place.Status.Uid)} and {Accounts.DescribeGroup(place.Status.Gid)} with mode 0{Convert.ToString(place.Status.Permissions, 8)}; this runs as {Accounts.DescribeUser(Unistd.GetEuid())}.";

    private string WriteHint(Errno errno, Place place) => errno switch
    {
        Errno.EROFS => ReadOnlyHint(),
        Errno.EACCES or Errno.EPERM => $"Let the daemon's user write there, for example by: setfacl -m u:{UserName()}:rwx {place.Path}",
        _ => "Look into the kernel's log for the device.",
    };

    private static string UserName() => Pwd.ByUid(Unistd.GetEuid())?.Name ?? Unistd.GetEuid().ToString(System.Globalization.CultureInfo.InvariantCulture);

    private string ReadOnlyHint() =>
        $"Mount the file system for writing. If only the service sees it read-only: {UnitDropIn.For(_route)}";
}
