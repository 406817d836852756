using System.Collections.Concurrent;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Syncs a tree on several threads while the calling one walks it, some hundred names at a time.</summary>
internal sealed class ParallelSync : IDisposable
{
    private const int NamesPerChunk = 256;

    /// <param name="Folder">A descriptor of the chunk's own: the walk closes its.</param>
    /// <param name="AndFolder">The folder itself is synced, too.</param>
    private sealed record Chunk(Fd Folder, TreePath Path, FileStatus Status, List<Name> Names, bool AndFolder);

    private readonly BlockingCollection<Chunk> _chunks;
    private readonly List<Thread> _threads = [];
    private readonly int _workers;
    private readonly CancellationToken _stop;
    private SyncFailure? _failure;

    private ParallelSync(int workers, CancellationToken stop)
    {
        _workers = workers;
        _stop = stop;
        _chunks = new BlockingCollection<Chunk>(workers * 2);
    }

    public static SyncFailure? Run(Fd root, in FileStatus rootStatus, string shownPath, int workers, CancellationToken stop)
    {
        using var sync = new ParallelSync(workers, stop);
        try
        {
            sync.Walk(root, rootStatus, shownPath);
        }
        finally
        {
            sync.Finish();
        }
        // A sync that failed must be remembered, stopped or not.
        if (sync._failure is null)
            stop.ThrowIfCancellationRequested();
        return sync._failure;
    }

    private bool IsOver => _stop.IsCancellationRequested || Volatile.Read(ref _failure) is not null;

    private void Walk(Fd root, in FileStatus rootStatus, string shownPath)
    {
        using var walk = new TreeWalk(root, rootStatus, shownPath, look: false);
        // A list per level: a folder's names wait while the walk is in its sub-folders.
        var names = new Stack<List<Name>>();
        while (!IsOver && walk.Next())
        {
            switch (walk.Step)
            {
                case Step.Folder:
                    names.Push([]);
                    break;
                case Step.Entry when walk.Type == Dirent.DT_REG:
                    names.Peek().Add(walk.Name);
                    if (names.Peek().Count < NamesPerChunk)
                        break;
                    HandOver(walk, names.Pop(), andFolder: false);
                    names.Push([]);
                    break;
                case Step.FolderEnd:
                    HandOver(walk, names.Pop(), andFolder: true);
                    break;
                case Step.Trouble:
                    Fail(new SyncFailure(walk.Error, walk.Path, default));
                    break;
            }
        }
    }

    private void HandOver(TreeWalk walk, List<Name> names, bool andFolder)
    {
        if (Fcntl.OpenAgain(walk.Folder, out Fd folder) is not Errno.None and var error)
        {
            Fail(new SyncFailure(error, walk.FolderPath.ToString(), default));
            return;
        }
        // Status is the folder's own at its end only; elsewhere nothing of the folder can fail.
        _chunks.Add(new Chunk(folder, walk.FolderPath, andFolder ? walk.Status : default, names, andFolder));
        if (_threads.Count >= _workers)
            return;
        var thread = new Thread(Work) { IsBackground = true, Name = "sync" };
        _threads.Add(thread);
        thread.Start();
    }

    private void Work()
    {
        foreach (Chunk chunk in _chunks.GetConsumingEnumerable())
        {
            using Fd folder = chunk.Folder;
            foreach (Name name in chunk.Names)
            {
                if (IsOver)
                    break;
                if (TreeSync.SyncEntry(folder, name, chunk.Path) is { } failure)
                    Fail(failure);
            }
            if (chunk.AndFolder && !IsOver && Unistd.Fsync(folder) is not Errno.None and var error)
                Fail(TreeSync.Final(error, chunk.Path.ToString(), chunk.Status));
        }
    }

    private void Fail(SyncFailure failure)
    {
        // A failure of the sync itself is the one that must be remembered.
        if (Interlocked.CompareExchange(ref _failure, failure, null) is { IsFinal: false } && failure.IsFinal)
            Volatile.Write(ref _failure, failure);
    }

    private void Finish()
    {
        _chunks.CompleteAdding();
        foreach (Thread thread in _threads)
            thread.Join();
    }

    public void Dispose() => _chunks.Dispose();
}
