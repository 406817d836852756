using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>
/// Brings every regular file and every folder of a tree to the disk. What fails is never tried again: the kernel has
/// marked the pages clean, and the next sync would say that all is well.
/// </summary>
internal static class TreeSync
{
    /// <summary>Large files go out in steps, so that no single call lasts for minutes.</summary>
    private const long StepSize = 64L << 20;

    /// <param name="workers">At most 1: on the calling thread. Else so many threads beside it.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static SyncFailure? Sync(Fd root, FileStatus rootStatus, string shownPath, int workers, CancellationToken stop)
    {
        if (!rootStatus.IsFolder)
            return SyncFile(root, rootStatus) is var error and not Errno.None ? Final(error, shownPath, rootStatus) : null;
        return workers <= 1
            ? SyncInline(root, rootStatus, shownPath, stop)
            : ParallelSync.Run(root, rootStatus, shownPath, workers, stop);
    }

    private static SyncFailure? SyncInline(Fd root, in FileStatus rootStatus, string shownPath, CancellationToken stop)
    {
        using var walk = new TreeWalk(root, rootStatus, shownPath, look: false);
        while (walk.Next())
        {
            stop.ThrowIfCancellationRequested();
            switch (walk.Step)
            {
                case Step.Entry when walk.Type == Dirent.DT_REG:
                    if (SyncEntry(walk.Folder, walk.Name, walk.FolderPath) is { } failure)
                        return failure;
                    break;
                case Step.FolderEnd:
                    if (Unistd.Fsync(walk.Folder) is not Errno.None and var error)
                        return Final(error, walk.Path, walk.Status);
                    break;
                case Step.Trouble:
                    return new SyncFailure(walk.Error, walk.Path, default);
            }
        }
        return null;
    }

    public static SyncFailure? SyncEntry(Fd folder, Name name, TreePath folderPath)
    {
        Errno error = Fcntl.OpenBeneath(folder, name, Fcntl.O_RDONLY, out Fd file);
        using Fd _ = file;
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(file, out status);
        if (error == Errno.None && !status.IsFile)
            error = Errno.ESTALE;
        if (error != Errno.None)
            return new SyncFailure(error, folderPath.Of(name), status);
        error = SyncFile(file, status);
        return error == Errno.None ? null : Final(error, folderPath.Of(name), status);
    }

    public static SyncFailure Final(Errno error, string path, in FileStatus status) => new(error, path, status) { IsFinal = true };

    private static Errno SyncFile(Fd file, in FileStatus status)
    {
        if (status.Size > StepSize && PushOut(file, status.Size) is not Errno.None and var error)
            return error;
        return Unistd.Fsync(file);
    }

    private static Errno PushOut(Fd file, long size)
    {
        const uint WriteAndWait = Fcntl.SYNC_FILE_RANGE_WAIT_BEFORE | Fcntl.SYNC_FILE_RANGE_WRITE | Fcntl.SYNC_FILE_RANGE_WAIT_AFTER;
        for (long at = 0; at < size; at += StepSize)
        {
            // The next step is under way while the last is waited for.
            Errno error = Fcntl.SyncFileRange(file, at, StepSize, Fcntl.SYNC_FILE_RANGE_WRITE);
            if (error == Errno.None && at > 0)
                error = Fcntl.SyncFileRange(file, at - StepSize, StepSize, WriteAndWait);
            if (error is Errno.ENOSYS or Errno.EINVAL or Errno.EOPNOTSUPP)
                return Errno.None;
            if (error != Errno.None)
                return error;
        }
        return Errno.None;
    }
}
