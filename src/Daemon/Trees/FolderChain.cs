using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>
/// A folder and those above it up to a root, of which only the deepest are open, so that a deep tree does not cost
/// descriptors. One that was closed is opened again from below and must still be the same.
/// </summary>
internal sealed class FolderChain : IDisposable
{
    /// <summary>Beside the root, which is the caller's.</summary>
    public const int OpenAtMost = 62;

    private readonly List<(Fd? Fd, FileStatus Status)> _folders = [];
    private int _firstOpen = 1;

    public FolderChain(Fd root, in FileStatus status) => _folders.Add((root, status));

    /// <summary>How many folders stand below the root.</summary>
    public int Depth => _folders.Count - 1;

    public Fd Deepest => _folders[^1].Fd!;

    public FileStatus Status => _folders[^1].Status;

    /// <summary>Takes over the descriptor.</summary>
    public void Push(Fd opened, in FileStatus status)
    {
        _folders.Add((opened, status));
        if (_folders.Count - _firstOpen <= OpenAtMost)
            return;
        _folders[_firstOpen].Fd!.Dispose();
        _folders[_firstOpen] = (null, _folders[_firstOpen].Status);
        _firstOpen++;
    }

    /// <summary>Sees to it that the folder above is open: now, if the deepest is about to lose the right to be searched.</summary>
    /// <param name="reopened">It had been closed: its position is at the start again.</param>
    public Errno OpenAbove(out bool reopened)
    {
        int above = _folders.Count - 2;
        reopened = above >= 0 && _folders[above].Fd is null;
        if (!reopened)
            return Errno.None;
        Errno error = OpenSame(Deepest, _folders[above].Status, out Fd opened);
        if (error != Errno.None)
            return error;
        _folders[above] = (opened, _folders[above].Status);
        _firstOpen = above;
        return Errno.None;
    }

    /// <summary>Goes back to the folder above. ESTALE: the folder has been moved to another one meanwhile.</summary>
    public Errno Pop(out bool reopened)
    {
        Errno error = OpenAbove(out reopened);
        if (error != Errno.None)
            return error;
        Deepest.Dispose();
        _folders.RemoveAt(_folders.Count - 1);
        return Errno.None;
    }

    private static Errno OpenSame(Fd below, in FileStatus expected, out Fd opened)
    {
        Errno error = Fcntl.OpenAbove(below, out opened);
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(opened, out status);
        if (error == Errno.None && !status.IsSameFile(expected))
            error = Errno.ESTALE;
        if (error != Errno.None)
            opened.Dispose();
        return error;
    }

    public void Dispose()
    {
        for (int i = _firstOpen; i < _folders.Count; i++)
            _folders[i].Fd?.Dispose();
    }
}
