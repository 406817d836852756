using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Systemd;

namespace AtomikD.Routes;

internal sealed partial class RouteProbe
{
    private Place? Open(string word, string path)
    {
        Errno errno = Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd folder);
        if (errno == Errno.None)
            return Look(word, path, folder);
        folder.Dispose();
        if (UnitDropIn.WhatHides(path, _mounts) is { } hiding)
        {
            _findings.Add(new Finding(Severity.Error, $"The {word} {path} is hidden from the service: {hiding}.", UnitDropIn.ToSee(_route, hiding)) { IsOfUnit = true });
            return null;
        }
        (string what, string hint) = errno switch
        {
            Errno.ENOENT => ("does not exist", $"Make it (mkdir -p {path}), or mount the disk that holds it."),
            Errno.ENOTDIR => ("is not a folder", "Put a folder there, or name another."),
            Errno.EACCES => ("cannot be opened: EACCES (Permission denied)", $"Let the daemon's user read it and enter its parents, for example by: setfacl -m u:{UserName()}:rwx {path}"),
            _ => ($"cannot be opened: {errno.Describe()}", "Look into the kernel's log for the device."),
        };
        Add(Severity.Error, $"The {word} {path} {what}.", hint);
        return null;
    }

    private Place? Look(string word, string path, Fd folder)
    {
        Errno errno = Stat.FStat(folder, out FileStatus status);
        SysStatfs.statfs room = default;
        if (errno == Errno.None)
            errno = SysStatfs.FStatfs(folder, out room);
        var place = new Place(word, path, folder, status, room, _mounts.Of(folder));
        _places.Add(place);
        if (errno == Errno.None)
            return place;
        Add(Severity.Error, $"Cannot look at {place}: {errno.Describe()}.", "Look into the kernel's log for the device.");
        return null;
    }

    private bool IsReadOnly(Place place)
    {
        if ((place.Room.f_flags & SysStatfs.ST_RDONLY) == 0)
            return false;
        _findings.Add(new Finding(Severity.Error, $"{Capital(place)} is on a read-only file system.", ReadOnlyHint()) { IsOfUnit = true });
        return true;
    }

    /// <summary>The vault itself, or, where there is none yet, a folder made in its stead.</summary>
    private Place? OpenVault(Place target)
    {
        string parentPath = FolderPlace.Parent(_route.Vault);
        if (Open("vault's parent", parentPath) is not { } parent)
            return null;
        Name name = Name.Of(Path.GetFileName(_route.Vault));
        Errno errno = Stat.StatAt(parent.Folder, name, out FileStatus status);
        if (errno == Errno.ENOENT)
        {
            name = Own("-vault", parent);
            if (!MakeFolder(parent, name))
                return null;
        }
        else if (errno != Errno.None)
        {
            Add(Severity.Error, $"Cannot look at the vault {_route.Vault}: {errno.Describe()}.", "Look into the kernel's log for the device.");
            return null;
        }
        else if (!IsOwn("vault", _route.Vault, status))
            return null;

        errno = Fcntl.OpenAt2(parent.Folder, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_NOFOLLOW, 0, Fcntl.RESOLVE_NO_SYMLINKS, out Fd folder);
        if (errno != Errno.None)
        {
            folder.Dispose();
            Add(Severity.Error, $"Cannot open the vault {_route.Vault}: {errno.Describe()}.", "Let the daemon's user enter it: it must be its owner, with mode 0700.");
            return null;
        }
        if (Look("vault", _route.Vault, folder) is not { } vault)
            return null;
        if (vault.Status.MountId == target.Status.MountId && vault.Status.Device == target.Status.Device)
            return vault;
        Add(Severity.Error, $"{Capital(vault)} is not on the mount of {target}. {Apart(vault, target)}", "Put the vault on the target's mount, or leave Vault empty: then it is made in the target.");
        return null;
    }

    /// <summary>A folder that only the daemon may enter: not a link, not made by somebody else.</summary>
    private bool IsOwn(string word, string path, in FileStatus status)
    {
        if (!status.IsFolder)
            Add(Severity.Error, $"The {word} {path} is {(status.IsSymlink ? "a symbolic link" : "no folder")}.", $"Move away what stands there ({path}): the daemon makes the folder itself.");
        else if (status.Uid != _owner)
            Add(Severity.Error, $"The {word} {path} belongs to {Accounts.DescribeUser(status.Uid)}, not to the daemon's user {Accounts.DescribeUser(_owner)}.",
                $"If it is this route's own from before: chown -R {_owner} {path}. Else move it away, and the daemon makes a new one.");
        else if ((status.Permissions & PermissionBits) != PrivateFolder)
            Add(Severity.Error, $"The {word} {path} has mode 0{Convert.ToString(status.Permissions, 8)}, so others may reach into it.", $"Set it right: chmod 0700 {path}");
        else
            return true;
        return false;
    }

    private static string Capital(Place place) => $"The {place.Word} {place.Path}";
}
