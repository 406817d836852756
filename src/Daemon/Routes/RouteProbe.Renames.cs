using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Systemd;

namespace AtomikD.Routes;

internal sealed partial class RouteProbe
{
    /// <summary>
    /// A claim, a publish that replaces and one that creates, with a file for the item and a folder for what stood there. That
    /// a call returned 0 proves nothing (ceph-fuse once ignored the flags): the inodes are looked at.
    /// </summary>
    private void CheckRenames(Place staging, Place vault, Place target)
    {
        Name item = Own("-item", staging);
        Name inVault = Own("-item", vault);
        if (!MakeFile(staging, item))
            return;
        bool claimed = Claim(staging, item, vault, inVault);
        // Whatever keeps staging apart, what can be said of vault and target is said at once.
        if (!claimed && !MakeFile(vault, inVault))
            return;
        if (claimed && !Exchange(staging, Own("-old", staging), vault, inVault, back: true))
            return;
        if (Publish(vault, inVault, target) && claimed)
            Add(Severity.Info, "Renames work between staging, vault and target: NOREPLACE and EXCHANGE.");
    }

    private bool Claim(Place staging, Name item, Place vault, Name inVault)
    {
        Stat.StatAt(staging.Folder, item, out FileStatus before);
        Errno errno = Stdio.RenameAt2(staging.Folder, item, vault.Folder, inVault, Stdio.RENAME_NOREPLACE);
        if (errno == Errno.None)
            return (Stat.StatAt(vault.Folder, inVault, out FileStatus after) == Errno.None && after.IsSameFile(before) &&
                Stat.StatAt(staging.Folder, item, out _) == Errno.ENOENT) || Ignored("NOREPLACE", vault);
        if (errno != Errno.EXDEV)
            CannotRename(errno, "NOREPLACE", staging, vault);
        else if (_route.CrossDevice == CrossDevicePolicy.Copy)
        {
            _crossDevice = true;
            Add(Severity.Info, $"Items are copied (CrossDevice = copy). {Apart(staging, vault)}");
            CheckClaimFolder(staging, item);
        }
        else
        {
            var finding = new Finding(Severity.Error, $"Items cannot be renamed from {staging} into {vault}: EXDEV. {Apart(staging, vault)}",
                $"{TogetherHint(staging, vault)}\nOr say CrossDevice = copy: then items are copied before they go live.");
            _findings.Add(finding with { IsOfUnit = AreTwoMounts(staging, vault) });
        }
        return false;
    }

    /// <summary>Items to be copied are first renamed into a folder of the daemon's own in staging.</summary>
    private void CheckClaimFolder(Place staging, Name item)
    {
        Name name = OpenFolders.OwnFolder;
        Errno errno = Stat.StatAt(staging.Folder, name, out FileStatus status);
        if (errno == Errno.None && !IsOwn("daemon's folder", $"{staging.Path}/{OpenFolders.OwnFolder}", status))
            return;
        if (errno == Errno.ENOENT)
        {
            name = Own("-own", staging);
            if (!MakeFolder(staging, name))
                return;
        }
        errno = Fcntl.OpenBeneath(staging.Folder, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd folder);
        if (errno != Errno.None || Look("daemon's folder", $"{staging.Path}/{OpenFolders.OwnFolder}", folder) is not { } own)
        {
            folder.Dispose();
            Add(Severity.Error, $"Cannot open {staging.Path}/{OpenFolders.OwnFolder}: {errno.Describe()}.", "Move it away: the daemon makes the folder itself.");
            return;
        }
        errno = Stdio.RenameAt2(staging.Folder, item, own.Folder, Own("-item", own), Stdio.RENAME_NOREPLACE);
        if (errno != Errno.None)
            CannotRename(errno, "NOREPLACE", staging, own);
    }

    private bool Publish(Place vault, Name item, Place target)
    {
        Name live = Own("-old", target);
        if (!Exchange(target, live, vault, item, back: false))
            return false;
        // The vault's name now is the folder; it goes live where nothing stands.
        Name created = Own("-new", target);
        Errno errno = Stdio.RenameAt2(vault.Folder, item, target.Folder, created, Stdio.RENAME_NOREPLACE);
        if (errno != Errno.None)
            return CannotRename(errno, "NOREPLACE", vault, target);
        // And NOREPLACE must not replace.
        errno = Stdio.RenameAt2(target.Folder, live, target.Folder, created, Stdio.RENAME_NOREPLACE);
        return errno == Errno.EEXIST || Ignored("NOREPLACE", target);
    }

    /// <summary>Swaps the file in the vault with a folder made at the other place, and looks whether they are swapped.</summary>
    private bool Exchange(Place other, Name otherName, Place vault, Name item, bool back)
    {
        if (!MakeFolder(other, otherName))
            return false;
        for (int round = 0; round < (back ? 2 : 1); round++)
        {
            Errno errno = Stat.StatAt(vault.Folder, item, out FileStatus first);
            FileStatus second = default;
            if (errno == Errno.None)
                errno = Stat.StatAt(other.Folder, otherName, out second);
            if (errno == Errno.None)
                errno = Swap(vault.Folder, item, first, other.Folder, otherName, second);
            if (errno != Errno.None)
                return CannotRename(errno, "EXCHANGE", vault, other);
        }
        return true;
    }

    private static Errno Swap(Fd folder, Name name, in FileStatus here, Fd otherFolder, Name otherName, in FileStatus there)
    {
        Errno errno = Stdio.RenameAt2(folder, name, otherFolder, otherName, Stdio.RENAME_EXCHANGE);
        if (errno != Errno.None)
            return errno;
        bool swapped = Stat.StatAt(folder, name, out FileStatus now) == Errno.None && now.IsSameFile(there) &&
            Stat.StatAt(otherFolder, otherName, out now) == Errno.None && now.IsSameFile(here);
        return swapped ? Errno.None : Errno.EOPNOTSUPP;
    }

    private bool Ignored(string flag, Place place)
    {
        Add(Severity.Error, $"{Capital(place)} is on {place.FileSystem}, which takes a rename with {flag} but does not do it.", Supported);
        return false;
    }

    private const string Supported = "Put the folders on ext4, xfs, btrfs, f2fs, tmpfs, ZFS (2.2 or later) or overlay.";

    private bool CannotRename(Errno errno, string flag, Place from, Place to)
    {
        string what = $"A rename ({flag}) from {from} to {to} failed: {errno.Describe()}.";
        switch (errno)
        {
            case Errno.EXDEV:
                _findings.Add(new Finding(Severity.Error, $"{what} {Apart(from, to)}", TogetherHint(from, to)) { IsOfUnit = AreTwoMounts(from, to) });
                break;
            case Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP:
                Add(Severity.Error, $"{what} {to.FileSystem} does not know it.", Supported);
                break;
            case Errno.EACCES or Errno.EPERM:
                Add(Severity.Error, $"{what} {Whose(to)}", WriteHint(errno, to));
                break;
            default:
                Add(Severity.Error, what, "Look into the kernel's log for the device.");
                break;
        }
        return false;
    }

    /// <summary>Why the kernel sees two file systems where there may be one.</summary>
    private static string Apart(Place a, Place b)
    {
        if (a.Status.Device != b.Status.Device)
            return a.Mount is not null && a.Mount.Device == b.Mount?.Device
                ? $"They are two subvolumes of one {a.FileSystem}."
                : $"They are two file systems: {On(a)} ({DeviceNumber(a)}), and {On(b)} ({DeviceNumber(b)}).";
        return a.Status.MountId != b.Status.MountId
            ? $"They are two mounts of one file system ({a.FileSystem}), at {a.Mount?.Point} and at {b.Mount?.Point}, and the kernel renames only within one mount."
            : $"They are on one mount of {a.FileSystem}, but the file system keeps them apart: another project quota or encryption, or overlay's lower layer.";
    }

    /// <summary>Of one file system: that is what ReadWritePaths= makes of two paths.</summary>
    private static bool AreTwoMounts(Place a, Place b) => a.Status.Device == b.Status.Device && a.Status.MountId != b.Status.MountId;

    private string TogetherHint(Place a, Place b)
    {
        if (a.Status.Device != b.Status.Device)
            return a.Mount is not null && a.Mount.Device == b.Mount?.Device
                ? "Put both into one subvolume."
                : "Put both on one file system.";
        if (a.Status.MountId == b.Status.MountId)
            return "Give both folders the same project quota and encryption.";
        return UnitDropIn.FolderOf(_route) is null
            ? "Put both below one folder, and mount that."
            : $"Mount their common parent instead. Under systemd each path of ReadWritePaths= is a mount; one line must replace the two: {UnitDropIn.For(_route)}";
    }

    private static string DeviceNumber(Place place) => $"device {place.Status.Device >> 32}:{(uint)place.Status.Device}";
}
