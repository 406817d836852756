using System.Diagnostics;
using AtomikD.Commits;

namespace AtomikD.Telemetry;

/// <summary>A step that many commits take together: one transaction, one sync. It has one span, to which theirs are linked.</summary>
internal sealed class SharedStep
{
    private readonly List<Commit> _commits;

    private SharedStep(CommitStep step, List<Commit> commits)
    {
        Step = step;
        _commits = commits;
        Size = commits.Count;
        Begun = Stopwatch.GetTimestamp();
    }

    public CommitStep Step { get; }

    /// <summary>How many take it.</summary>
    public int Size { get; }

    public long Begun { get; }

    public long Ended { get; private set; }

    /// <summary>Of its span, once that is made; belongs to the one that makes spans.</summary>
    public ActivityContext? Context { get; set; }

    /// <summary>Null where none of them is traced.</summary>
    public static SharedStep? Begin(CommitStep step, List<Commit> commits) =>
        CommitSpans.IsWatched && commits.Exists(commit => commit.Trace is not null) ? new SharedStep(step, commits) : null;

    public void End()
    {
        Ended = Stopwatch.GetTimestamp();
        foreach (Commit commit in _commits)
            commit.Trace?.Took(Step, this);
    }
}
