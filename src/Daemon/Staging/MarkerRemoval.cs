using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;

namespace AtomikD.Staging;

/// <summary>What became of a marker whose outcome has been told.</summary>
internal enum Removal
{
    Removed,

    /// <summary>Another marker stands there, or the producer changed this one: it is a new request.</summary>
    IsNewRequest,

    Failed,
}

/// <summary>
/// Removes the marker that was served and no other: there is no unlink-if-it-is-this-inode, so it is renamed into the
/// daemon's folder, looked at there, and put back if it is not the one.
/// </summary>
internal static class MarkerRemoval
{
    public static Removal Remove(OpenFolders folders, Name source, MarkerIdentity served, SlotId id, out Errno error)
    {
        Name marker = ItemNames.MarkerOf(source);
        Name taken = TakenName(id);
        error = Stdio.RenameAt2(folders.Staging, marker, folders.Workshop, taken, Stdio.RENAME_NOREPLACE);
        if (error == Errno.ENOENT)
        {
            // Its producer took it away after the claim, which changes nothing.
            error = Errno.None;
            return Removal.Removed;
        }
        if (error != Errno.None)
            return Removal.Failed;
        return Judge(folders, source, served, id, marker, taken, out error);
    }

    /// <summary>A marker that a crash left between being taken and being judged.</summary>
    public static Removal Resume(OpenFolders folders, Name source, MarkerIdentity served, SlotId id, out Errno error) =>
        Judge(folders, source, served, id, ItemNames.MarkerOf(source), TakenName(id), out error);

    /// <summary>No item's name starts with a dot, so this is no slot.</summary>
    public static Name TakenName(SlotId id) => Name.Of($"{id}~.ready");

    private static Removal Judge(OpenFolders folders, Name source, MarkerIdentity served, SlotId id, Name marker, Name taken, out Errno error)
    {
        error = Stat.StatAt(folders.Workshop, taken, out FileStatus status);
        if (error != Errno.None)
            return Removal.Failed;
        bool isUnchanged = served.Matches(status) && (!status.IsFile || IsFinished(folders.Workshop, taken));
        // Changed after it was seen (shutil.copy2 sets the time after closing): a new request only if there is an item for it.
        bool isSameRequest = isUnchanged || (served.File.Matches(status) && Stat.StatAt(folders.Staging, source, out _) == Errno.ENOENT);
        if (!isSameRequest)
        {
            error = Stdio.RenameAt2(folders.Workshop, taken, folders.Staging, marker, Stdio.RENAME_NOREPLACE);
            if (error == Errno.EEXIST)
                error = Discard(folders, marker, taken, id, status); // A newer one stands there and speaks for both.
            return error == Errno.None ? Removal.IsNewRequest : Removal.Failed;
        }
        error = Discard(folders, marker, taken, id, status);
        return error == Errno.None ? Removal.Removed : Removal.Failed;
    }

    /// <summary>Folders named like a marker are never deleted.</summary>
    private static Errno Discard(OpenFolders folders, Name marker, Name taken, SlotId id, in FileStatus status) =>
        status.IsFolder ? Strays.MoveAway(folders, folders.Workshop, taken, marker, id) : Unistd.UnlinkAt(folders.Workshop, taken);

    private static bool IsFinished(Fd folder, Name taken)
    {
        Errno error = Fcntl.OpenBeneath(folder, taken, Fcntl.O_RDONLY, out Fd file);
        using Fd closing = file;
        return error != Errno.EAGAIN && (error != Errno.None || Marker.IsFinished(file));
    }
}
