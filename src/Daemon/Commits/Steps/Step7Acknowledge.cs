using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Staging;

namespace AtomikD.Commits.Steps;

/// <summary>What became of the telling of one result.</summary>
internal enum Told
{
    /// <summary>Marker gone (or there never was one): closed with the next sync of staging.</summary>
    Yes,

    /// <summary>Told, and a new marker stands there.</summary>
    YesAndNewRequest,

    /// <summary>The marker stays: its outcome cannot be told yet.</summary>
    Stuck,
}

/// <summary>
/// Step 7: receipts, then markers. A marker goes only when its outcome can be read. On durable routes the receipts are
/// synced before the markers go, and so is staging where a failure is among them.
/// </summary>
internal static class Step7Acknowledge
{
    public static void Run(List<Commit> batch, LaneServices services, RenameTurns renames, WorkPulse pulse, Dictionary<Commit, (Told Told, Errno Error)> told)
    {
        var marked = batch.Where(commit => commit.Again is null && commit.Marker is not null && !IsOutdated(commit)).ToList();
        ReceiptBatch.Write(marked, services.IsPipelined ? services.SyncWorkers : 1, (commit, error) => told[commit] = (error == Errno.None ? Told.Yes : Told.Stuck, error));
        foreach (OpenFolders folders in marked.Where(commit => Step6Settle.IsDurable(commit) && commit.Refusal is not null).Select(commit => commit.Folders).Distinct())
            Unistd.Fsync(folders.Staging);
        // A call has no receipt; an old one of its source would speak of another request.
        foreach (Commit commit in batch.Where(commit => commit is { IsPublished: true, Door: Journal.Door.Rpc, Operation: Journal.Operation.Commit, IsUpload: false }))
            Unistd.UnlinkAt(commit.Folders.Staging, commit.Source.With(ItemNames.Failed));
        services.Step?.Invoke("told");
        renames.ForEach(marked.FindAll(commit => told[commit].Told == Told.Yes), commit =>
        {
            pulse.Beat();
            Removal removal = MarkerRemoval.Remove(commit.Folders, commit.Source, commit.Marker!.Identity, commit.Id, out Errno error);
            told[commit] = removal switch
            {
                Removal.Removed => (Told.Yes, Errno.None),
                Removal.IsNewRequest => (Told.YesAndNewRequest, Errno.None),
                _ => (Told.Stuck, error),
            };
        });
    }

    /// <summary>Tried again, and its marker is gone or another: whoever waited has given up, and a newer outcome must stand.</summary>
    private static bool IsOutdated(Commit commit) => commit.IsRetold
        && (Stat.StatAt(commit.Folders.Staging, ItemNames.MarkerOf(commit.Source), out FileStatus now) is Errno.ENOENT
            || !commit.Marker!.Identity.Matches(now));
}
