namespace AtomikD.Commits;

/// <summary>
/// Renames between folders of one file system wait for one lock of the kernel, and whoever waits spins as long as its holder
/// runs. So a lane's threads take turns before they ask for it: one renames while the others have the processors.
/// </summary>
internal sealed class RenameTurns
{
    /// <summary>Between two turns somebody with few renames gets in.</summary>
    private const int Turn = 64;

    private readonly Lock _lock = new();

    public void ForEach(List<Commit> commits, Action<Commit> rename)
    {
        for (int begin = 0; begin < commits.Count; begin += Turn)
        {
            lock (_lock)
            {
                for (int i = begin; i < Math.Min(begin + Turn, commits.Count); i++)
                    rename(commits[i]);
            }
        }
    }
}
