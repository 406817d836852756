using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;
using Microsoft.Extensions.Logging;

namespace AtomikD.Commits;

/// <summary>
/// Results whose marker is gone but whose staging folder was not synced since: a power cut can bring the marker back, so
/// the journal keeps its identity until then. The next batch's sync closes them, or one of their own within a second.
/// </summary>
internal sealed class Closings(CommitJournal journal, ILogger logger) : IDisposable
{
    private readonly Lock _lock = new();
    private Dictionary<OpenFolders, List<SlotId>> _open = [];

    /// <summary>Takes over the commit's hold on its folders.</summary>
    public void Add(OpenFolders folders, SlotId id)
    {
        lock (_lock)
        {
            if (_open.TryGetValue(folders, out List<SlotId>? ids))
            {
                folders.Release();
                ids.Add(id);
            }
            else
            {
                _open.Add(folders, [id]);
            }
        }
    }

    /// <summary>Those of a folder that is about to be synced anyway.</summary>
    public List<SlotId> Take(OpenFolders folders)
    {
        lock (_lock)
        {
            if (!_open.Remove(folders, out List<SlotId>? ids))
                return [];
            folders.Release();
            return ids;
        }
    }

    /// <summary>Syncs each staging folder that has some, then closes them.</summary>
    public void SyncAndClose()
    {
        Dictionary<OpenFolders, List<SlotId>> open;
        lock (_lock)
        {
            if (_open.Count == 0)
                return;
            open = _open;
            _open = [];
        }
        foreach ((OpenFolders folders, List<SlotId> ids) in open)
        {
            Errno error = Unistd.Fsync(folders.Staging);
            if (error == Errno.None)
                journal.Post(session => ids.ForEach(session.Close));
            else
                Log.StagingNotSynced(logger, error.Describe());
            folders.Release();
        }
    }

    public void Dispose()
    {
        foreach (OpenFolders folders in _open.Keys)
            folders.Release();
        _open.Clear();
    }
}
