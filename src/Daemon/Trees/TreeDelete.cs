using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>
/// Deletes by descriptor: over no link, into no other mount or device. Files are only unlinked, never truncated or
/// changed: a reader or another name may share them.
/// </summary>
internal static class TreeDelete
{
    public const int UnlinksPerPiece = 256;

    /// <param name="pause">Called after every 256 unlinks with their number; may block. Descriptors in the tree are held meanwhile.</param>
    /// <param name="since">Unlinks that the caller has made since its last pause: they count for the first piece.</param>
    public static DeleteResult Delete(Fd folder, Name name, Action<int>? pause, int since = 0)
    {
        var deletion = new Deletion(pause, since);
        deletion.Run(folder, name);
        return new DeleteResult(deletion.Entries, deletion.Bytes, deletion.Error, deletion.Path);
    }
}
