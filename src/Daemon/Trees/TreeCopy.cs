using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>
/// Copies an item whole: type, mode, owner, group, mtime, symbolic links, hard links within it, holes, ACLs and extended
/// attributes. What cannot be kept is refused, never dropped.
/// </summary>
internal static class TreeCopy
{
    /// <param name="progress">Called with the bytes of contents copied since it was called last.</param>
    /// <returns>A refused copy leaves what it made; the caller deletes it.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static Refusal? Copy(Fd sourceFolder, Name sourceName, Fd targetFolder, Name targetName, string shownPath, Action<long>? progress,
        CancellationToken stop)
    {
        Errno error = Stat.StatAt(sourceFolder, sourceName, out FileStatus status);
        if (error != Errno.None)
            return TreeRefusals.From(error, "look at", shownPath);
        if (status.IsMountRoot)
            return TreeRefusals.MountPoint(shownPath);
        if (status.IsSymlink || !TreeRefusals.IsPublishable(status))
            return TreeRefusals.Kind(status, shownPath);
        var contents = new ContentCopy(progress, stop);
        return status.IsFolder
            ? CopyFolder(sourceFolder, sourceName, targetFolder, targetName, shownPath, contents, stop)
            : FileCopy.Copy(sourceFolder, sourceName, targetFolder, targetName, shownPath, contents, out _);
    }

    private static Refusal? CopyFolder(Fd sourceFolder, Name sourceName, Fd targetFolder, Name targetName, string shownPath,
        ContentCopy contents, CancellationToken stop)
    {
        Errno error = Fcntl.OpenBeneath(sourceFolder, sourceName, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd opened);
        using Fd source = opened;
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(source, out status);
        if (error != Errno.None)
            return TreeRefusals.From(error, "read", shownPath);
        if (FolderCopy.Make(targetFolder, targetName, shownPath, out Fd made) is { } refusal)
            return refusal;
        using Fd target = made;
        return new FolderCopy(source, status, target, shownPath, contents).Run(stop);
    }
}
