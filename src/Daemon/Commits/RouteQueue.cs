using System.Diagnostics;

namespace AtomikD.Commits;

/// <summary>The requests of one route that are not decided yet.</summary>
/// <param name="Length">Their number.</param>
/// <param name="OldestAt">Monotonic time stamp of the moment when the first of them came; no meaning where there is none.</param>
internal readonly record struct RouteQueue(long Length, long OldestAt)
{
    public static RouteQueue Empty { get; } = new(0, long.MaxValue);

    /// <summary>How long the first of them has been waiting.</summary>
    public TimeSpan OldestAge => Length == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(OldestAt);

    public static RouteQueue Of(IEnumerable<Commit> commits)
    {
        RouteQueue queue = Empty;
        foreach (Commit commit in commits)
            queue = queue.With(1, commit.ArrivedAt);
        return queue;
    }

    public RouteQueue With(long more, long oldestAt) => new(Length + more, Math.Min(OldestAt, oldestAt));

    public RouteQueue With(RouteQueue other) => With(other.Length, other.OldestAt);
}
