using System.Diagnostics;
using AtomikD.Commits.Steps;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Commits;

/// <summary>
/// Makes the small items of a batch durable in whichever way costs less now: each file and folder on its own, a few at a
/// time, or one syncfs, which also pays for what strangers wrote to the file system. Both costs are measured as they come.
/// </summary>
internal sealed class BatchSync(int workers)
{
    /// <summary>Weight of the newest measurement.</summary>
    private const double Weight = 0.2;

    /// <summary>A syncfs counts as a mistake when it took so many times what the other way would have taken, and this much more.</summary>
    private const double Regret = 4;
    private static readonly TimeSpan s_regret = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_firstPenance = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longestPenance = TimeSpan.FromMinutes(1);

    /// <summary>Per file or folder, at the number of threads in use.</summary>
    private double _eachSeconds = 0.000_3;
    private double _syncfsSeconds = 0.006;
    private TimeSpan _penance = s_firstPenance;
    private long _noSyncfsBefore;

    public void Run(List<Commit> commits)
    {
        if (commits.Count == 0)
            return;
        long calls = commits.Sum(commit => commit.Facts.Entries);
        bool mayAll = Environment.TickCount64 >= _noSyncfsBefore && commits.TrueForAll(IsYoungEnough);
        double each = calls * _eachSeconds;
        if (mayAll && each > _syncfsSeconds)
            SyncAll(commits, each);
        else
            SyncEach(commits, calls);
        foreach (Commit commit in commits)
            commit.NeedsSync = false;
    }

    /// <summary>syncfs tells of errors only since its descriptor was opened: older contents are synced one by one.</summary>
    private static bool IsYoungEnough(Commit commit) => commit.Facts.OldestChange > commit.Folders.OpenedAt && commit.ItemStatus.Changed > commit.Folders.OpenedAt;

    private void SyncAll(List<Commit> commits, double each)
    {
        long start = Stopwatch.GetTimestamp();
        // One lane is one file system. The descriptor must be as old as each item was asked to be younger than.
        OpenFolders oldest = commits[0].Folders;
        foreach (Commit commit in commits)
            oldest = commit.Folders.OpenedAt < oldest.OpenedAt ? commit.Folders : oldest;
        Errno error = Unistd.Syncfs(oldest.Target);
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _syncfsSeconds += Weight * (took - _syncfsSeconds);
        bool wasMistake = took > Regret * each + s_regret.TotalSeconds;
        if (wasMistake)
            _noSyncfsBefore = Environment.TickCount64 + (long)_penance.TotalMilliseconds;
        _penance = wasMistake ? TimeSpan.FromTicks(Math.Min(_penance.Ticks * 2, s_longestPenance.Ticks)) : s_firstPenance;
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

    private void SyncEach(List<Commit> commits, long calls)
    {
        long start = Stopwatch.GetTimestamp();
        int threads = Math.Min(workers, commits.Count);
        if (threads <= 1)
            commits.ForEach(SyncOne);
        else
            Parallel.ForEach(commits, new ParallelOptions { MaxDegreeOfParallelism = threads }, SyncOne);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / Math.Max(1, calls);
        _eachSeconds += Weight * (seconds - _eachSeconds);
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
