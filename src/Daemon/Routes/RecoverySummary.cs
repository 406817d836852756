namespace AtomikD.Routes;

/// <summary>What was brought together again when a route was opened.</summary>
/// <param name="At">When that was done.</param>
/// <param name="Settled">Commits that had been published, and got their results.</param>
/// <param name="Resumed">Items that had been claimed, and went on.</param>
/// <param name="PutBack">Items that were given back to their producers.</param>
/// <param name="Forgotten">Requests that had changed nothing yet.</param>
/// <param name="Closed">Results whose marker was gone.</param>
/// <param name="Strays">Things that nobody could place, now in lost+found.</param>
internal sealed record RecoverySummary(DateTimeOffset At, int Settled, int Resumed, int PutBack, int Forgotten, int Closed, int Strays)
{
    public bool FoundSomething => Settled + Resumed + PutBack + Forgotten + Closed + Strays > 0;
}
