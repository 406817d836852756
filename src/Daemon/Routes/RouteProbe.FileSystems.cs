using AtomikD.Configuration;
using AtomikD.Linux;

namespace AtomikD.Routes;

internal sealed partial class RouteProbe
{
    private void CheckFileSystems(Place staging, Place target)
    {
        Add(Severity.Info, staging.Status.MountId == target.Status.MountId && staging.Status.Device == target.Status.Device
            ? $"Staging and target are on {On(target)}."
            : $"Staging is on {On(staging)}, the target on {On(target)}.");

        _durable = !IsVolatile(target.Room.f_type, target.Mount);
        if (!_durable)
            Add(_route.Durability == Durability.Full ? Severity.Warning : Severity.Info,
                $"{Capital(target)} is on {target.FileSystem}{(IsVolatileOverlay(target.Mount) ? " mounted volatile" : "")}, which keeps nothing over a power cut: versions are marked as not durable.",
                _route.Durability == Durability.Full ? "Put the target on a disk, or say Durability = none." : "");

        _needsPolling = NeedsPollingFor(staging.Room.f_type);
        if (_needsPolling)
            Add(Severity.Warning, $"{Capital(staging)} is on {staging.FileSystem}, where the kernel does not tell of what other machines write: markers are looked for by polling.",
                "Shorten [Daemon] Rescan if that is too slow.");

        long free = (long)target.Room.f_bavail * (target.Room.f_frsize > 0 ? target.Room.f_frsize : target.Room.f_bsize);
        if (free < _route.MinFree)
            Add(Severity.Warning, $"{Capital(target)} has {free >> 20} MiB free, less than MinFree ({_route.MinFree >> 20} MiB): copies and uploads are refused.", "Free space, or lower MinFree.");
    }

    /// <summary>A file system that is gone, or may be torn, after a power cut however much was synced.</summary>
    public static bool IsVolatile(long type, Mount? mount) => type is SysStatfs.TMPFS_MAGIC or SysStatfs.RAMFS_MAGIC ||
        (type == SysStatfs.OVERLAYFS_SUPER_MAGIC && IsVolatileOverlay(mount));

    // The second spelling is the kernel's since it knows more than two answers.
    private static bool IsVolatileOverlay(Mount? mount) => mount is not null && (mount.HasOption("volatile") || mount.HasOption("fsync=volatile"));

    /// <summary>A file system that other machines write to unseen.</summary>
    public static bool NeedsPollingFor(long type) => IsNetwork(type) || (uint)type == SysStatfs.FUSE_SUPER_MAGIC;

    public static bool IsNetwork(long type) => (uint)type is (uint)SysStatfs.NFS_SUPER_MAGIC or (uint)SysStatfs.SMB_SUPER_MAGIC or (uint)SysStatfs.CIFS_SUPER_MAGIC
        or (uint)SysStatfs.SMB2_SUPER_MAGIC or (uint)SysStatfs.V9FS_MAGIC or (uint)SysStatfs.CEPH_SUPER_MAGIC;

    /// <summary>The target must keep <c>Site</c> and <c>site</c> apart, and the two ways to write an accent.</summary>
    private void CheckNames(Place target)
    {
        // é as one code point in the name that is made; as e and an accent in one that is looked for.
        Name made = Own("-aA\u00e9", target);
        if (!MakeFile(target, made))
            return;
        Name otherCase = Name.Of(_unique + "-Aa\u00e9");
        Name otherForm = Name.Of(_unique + "-aAe\u0301");
        bool folds = Stat.StatAt(target.Folder, otherCase, out _) == Errno.None;
        bool normalises = Stat.StatAt(target.Folder, otherForm, out _) == Errno.None;
        _foldsCase = folds || normalises;
        if (_foldsCase)
            Add(Severity.Error, $"{Capital(target)} {(folds ? "does not tell upper from lower case" : "takes different spellings of an accent for one name")}: two names would be one there, with two histories.",
                "Use a folder without case folding. On ext4 it is an attribute of an empty folder: chattr -F");
        else
            Add(Severity.Info, "Names keep their case in the target.");
    }

    private static string On(Place place) => place.Mount is { } mount ? $"{mount.Type}, mounted at {mount.Point}" : place.FileSystem;
}
