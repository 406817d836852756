using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Uploads;

/// <summary>Where an upload stands until it is claimed, and where it goes from there.</summary>
/// <param name="Route">As it was when the upload began.</param>
/// <param name="Lane">Of the route.</param>
/// <param name="Folders">Of the route, held for the upload.</param>
/// <param name="Id">Never issued twice.</param>
/// <param name="EmptyTrash">Has the trash emptied soon.</param>
/// <param name="Left">The upload has come to its end.</param>
internal sealed record UploadPlace(Route Route, Lane Lane, OpenFolders Folders, SlotId Id, Action EmptyTrash, Action Left)
{
    /// <summary>In the vault's upload folder.</summary>
    public Name Name { get; } = Name.Of(Id.ToString());

    public string Path => $"{Folders.Vault.Path}/upload/{Id}";

    /// <summary>The daemon's alone until it is whole.</summary>
    public Errno Make(bool isFolder, out Fd item)
    {
        Fd upload = Folders.Vault.Upload;
        Errno error = isFolder ? Stat.MkdirAt(upload, Name, 0x1C0) : Errno.None;
        item = new Fd();
        if (error == Errno.None)
        {
            error = isFolder
                ? Fcntl.OpenBeneath(upload, Name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out item)
                : Fcntl.OpenAt2(upload, Name, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_NOFOLLOW, 0x180, Fcntl.RESOLVE_BENEATH, out item);
        }
        if (error == Errno.None)
            Attributes.RemoveInherited(item, isFolder);
        return error;
    }

    /// <summary>
    /// Removes what still stands there. A folder is deleted from the trash, in the collector's pace; there it is safe from
    /// everybody too.
    /// </summary>
    public void Clear()
    {
        Vault vault = Folders.Vault;
        if (Stat.StatAt(vault.Upload, Name, out FileStatus status) != Errno.None)
            return;
        if (status.IsFolder && Stdio.RenameAt2(vault.Upload, Name, vault.Trash, Name, Stdio.RENAME_NOREPLACE) == Errno.None)
            EmptyTrash();
        else
            TreeDelete.Delete(vault.Upload, Name, null);
    }
}
