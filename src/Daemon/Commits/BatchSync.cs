using System.Diagnostics;
using AtomikD.Commits.Steps;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Commits;

/// <summary>
/// Makes the small items of a batch durable in whichever way costs less now: each file and folder on its own, a few at a
/// time, or all with one syncfs.
/// </summary>
internal sealed class BatchSync(int workers, TimeProvider time)
{
    private readonly SyncCosts _costs = new(time);

    /// <param name="commits">What is synced when this returns, or refused.</param>
    /// <param name="waiting">
    /// Requests behind them. The first syncfs of a burst brings to the disk what these have staged, too: that is no cost of its own.
    /// </param>
    public void Run(List<Commit> commits, int waiting)
    {
        if (commits.Count == 0)
            return;
        long things = commits.Sum(commit => commit.Facts.Entries);
        double thingsOfAll = things * (1 + ((double)waiting / commits.Count));
        if (_costs.IsSyncfsCheaper(thingsOfAll) && commits.TrueForAll(IsYoungEnough))
            SyncAll(commits, thingsOfAll);
        else
            SyncEach(commits, things);
        foreach (Commit commit in commits)
            commit.NeedsSync = false;
    }

    /// <summary>syncfs tells of errors only since its descriptor was opened: older contents are synced one by one.</summary>
    private static bool IsYoungEnough(Commit commit) => commit.Facts.OldestChange > commit.Folders.OpenedAt && commit.ItemStatus.Changed > commit.Folders.OpenedAt;

    private void SyncAll(List<Commit> commits, double things)
    {
        long start = Stopwatch.GetTimestamp();
        // One lane is one file system. The descriptor must be as old as each item was asked to be younger than.
        OpenFolders oldest = commits[0].Folders;
        foreach (Commit commit in commits)
            oldest = commit.Folders.OpenedAt < oldest.OpenedAt ? commit.Folders : oldest;
        Errno error = Unistd.Syncfs(oldest.Target);
        _costs.SyncfsTook(Stopwatch.GetElapsedTime(start).TotalSeconds, things);
        if (error == Errno.None)
            return;
        // It does not say whose contents were lost, so it was everybody's.
        foreach (Commit commit in commits)
        {
            PoisonFiles(commit);
            Step4Seal.FailSync(commit, error, commit.ShownPath, null);
        }
    }

    /// <summary>Its files may come again in another folder, and the next sync of them would report success.</summary>
    private static void PoisonFiles(Commit commit)
    {
        var rules = new InspectionRules
        {
            IsPoisoned = status =>
            {
                commit.Route.Poison(new Identity(status.Inode, status.Born, []));
                return false;
            },
        };
        if (Stat.FStat(commit.Root!, out FileStatus root) == Errno.None)
            TreeInspection.Inspect(commit.Root!, root, commit.ShownPath, rules, out _);
    }

    private void SyncEach(List<Commit> commits, long things)
    {
        long start = Stopwatch.GetTimestamp();
        int threads = Math.Min(workers, commits.Count);
        if (threads <= 1)
            commits.ForEach(SyncOne);
        else
            Parallel.ForEach(commits, new ParallelOptions { MaxDegreeOfParallelism = threads }, SyncOne);
        _costs.EachTook(Stopwatch.GetElapsedTime(start).TotalSeconds, things);
    }

    private static void SyncOne(Commit commit)
    {
        string path = commit.ShownPath;
        Errno error = Stat.FStat(commit.Root!, out FileStatus root);
        if (error != Errno.None)
            Step4Seal.FailSync(commit, error, path, null);
        else if (TreeSync.Sync(commit.Root!, root, path, 1, CancellationToken.None) is { } failure)
            Step4Seal.FailSync(commit, failure.Errno, failure.Path, failure.File);
    }
}
