using System.Text;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;

namespace AtomikD.Staging;

/// <summary>
/// Puts receipts into staging: made in a folder that no producer can enter, synced where the route is durable, and renamed
/// into place, so that a link planted there is replaced and never followed.
/// </summary>
internal static class Receipts
{
    /// <summary>Tells the outcome; null text removes older receipts only (Receipts = failures).</summary>
    public static Errno Write(OpenFolders folders, SlotId id, Name source, bool succeeded, string? text, bool durable)
    {
        Errno error = Errno.None;
        if (text is not null)
        {
            error = Make(folders, id, text, out Fd made);
            using Fd closing = made;
            if (error == Errno.None && durable)
                error = Unistd.Fsync(made);
        }
        return Place(folders, id, source, succeeded, text is not null, error);
    }

    /// <summary>Puts a receipt that was made (and synced) into its place, or removes it where <paramref name="error"/> says that it was not.</summary>
    public static Errno Place(OpenFolders folders, SlotId id, Name source, bool succeeded, bool hasReceipt, Errno error)
    {
        if (error == Errno.None)
            error = Place(folders, id, source, succeeded, hasReceipt);
        if (error != Errno.None && hasReceipt)
            Unistd.UnlinkAt(folders.Workshop, AsideName(id));
        return error;
    }

    /// <summary>Writes the receipt aside.</summary>
    public static Errno Make(OpenFolders folders, SlotId id, string text, out Fd made)
    {
        Name aside = AsideName(id);
        Errno error = Fcntl.OpenAt2(folders.Workshop, aside, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_TRUNC | Fcntl.O_NOFOLLOW, 0x1A4, Fcntl.RESOLVE_BENEATH, out made);
        if (error == Errno.None)
            error = Stat.FChmod(made, 0x1A4); // Whatever the daemon's umask: its producer must be able to read it.
        if (error == Errno.None)
            error = Unistd.WriteAll(made, BytesOf(text));
        return error;
    }

    /// <summary>Renames a receipt that was made into its place and removes the other outcome's; null text removes both.</summary>
    private static Errno Place(OpenFolders folders, SlotId id, Name source, bool succeeded, bool hasReceipt)
    {
        Name done = source.With(ItemNames.Done);
        Name failed = source.With(ItemNames.Failed);
        Errno error = Clear(folders, succeeded ? failed : done, id);
        if (error == Errno.None && !hasReceipt)
            error = Clear(folders, succeeded ? done : failed, id);
        if (error != Errno.None || !hasReceipt)
            return error;
        Name place = succeeded ? done : failed;
        error = Stdio.RenameAt2(folders.Workshop, AsideName(id), folders.Staging, place, 0);
        if (error is not (Errno.EISDIR or Errno.ENOTEMPTY or Errno.EEXIST))
            return error;
        error = Clear(folders, place, id);
        return error == Errno.None ? Stdio.RenameAt2(folders.Workshop, AsideName(id), folders.Staging, place, 0) : error;
    }

    /// <summary>Removes an older receipt. A folder planted at its name is moved away whole.</summary>
    private static Errno Clear(OpenFolders folders, Name receipt, SlotId id)
    {
        // There mostly is none, and an unlink that finds nothing still locks the folder.
        Errno error = Stat.StatAt(folders.Staging, receipt, out FileStatus status);
        if (error == Errno.None)
            error = status.IsFolder ? Strays.MoveAway(folders, folders.Staging, receipt, id) : Unistd.UnlinkAt(folders.Staging, receipt);
        // A name too long to have a receipt has no old one either.
        return error is Errno.ENOENT or Errno.ENAMETOOLONG ? Errno.None : error;
    }

    /// <summary>The whole file that tells <paramref name="text"/>.</summary>
    public static byte[] BytesOf(string text) => Encoding.UTF8.GetBytes(text + "\n");

    /// <summary>No item's name starts with a dot, so this is no slot.</summary>
    public static Name AsideName(SlotId id) => Name.Of($"{id}~.receipt");
}
