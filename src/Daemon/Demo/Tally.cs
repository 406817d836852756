namespace AtomikD.Demo;

/// <summary>What all readers have found so far.</summary>
internal sealed class Tally
{
    private const int ProblemsKept = 10;

    private readonly Lock _lock = new();
    private readonly List<string> _problems = [];
    private long _reads;
    private long _files;
    private long _bytes;
    private long _torn;
    private long _missing;
    private long _late;
    private long _held;
    private long _fewestOutlived = long.MaxValue;
    private long _mostOutlived;

    /// <summary>Folders and single files read to the end.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    public long Files => Interlocked.Read(ref _files);

    public long Bytes => Interlocked.Read(ref _bytes);

    public long Torn => Interlocked.Read(ref _torn);

    public long Missing => Interlocked.Read(ref _missing);

    /// <summary>Reads without a lock that took longer than KeepFor and lost their version: no promise speaks of them.</summary>
    public long Late => Interlocked.Read(ref _late);

    /// <summary>Versions read to the end under a lock while younger ones were deleted.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>How many younger versions were deleted during one of these locks, at least and at most.</summary>
    public (long Fewest, long Most) Outlived
    {
        get
        {
            lock (_lock)
                return _held == 0 ? (0, 0) : (_fewestOutlived, _mostOutlived);
        }
    }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_lock)
                return [.. _problems];
        }
    }

    public void Count(string reader, in Verdict verdict)
    {
        switch (verdict.Outcome)
        {
            case Outcome.Whole:
                Interlocked.Increment(ref _reads);
                Interlocked.Add(ref _files, verdict.Files);
                Interlocked.Add(ref _bytes, verdict.Bytes);
                break;
            case Outcome.Torn:
                Interlocked.Increment(ref _torn);
                Keep($"torn, {reader}: {verdict.Problem}");
                break;
            default:
                Interlocked.Increment(ref _missing);
                Keep($"missing, {reader}: {verdict.Problem}");
                break;
        }
    }

    public void CountLate() => Interlocked.Increment(ref _late);

    public void CountHeld(long outlived)
    {
        lock (_lock)
        {
            _held++;
            _fewestOutlived = Math.Min(_fewestOutlived, outlived);
            _mostOutlived = Math.Max(_mostOutlived, outlived);
        }
    }

    private void Keep(string problem)
    {
        lock (_lock)
        {
            if (_problems.Count < ProblemsKept)
                _problems.Add(problem);
        }
    }
}
