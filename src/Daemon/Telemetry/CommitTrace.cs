using System.Diagnostics;

namespace AtomikD.Telemetry;

/// <summary>
/// When the steps of one commit began and ended: time stamps only, taken by whoever has the commit in hand, and only while somebody
/// listens. Spans are made of them afterwards, beside the lane.
/// </summary>
internal sealed class CommitTrace
{
    private readonly (long Begun, long Ended)[] _steps = new (long, long)[CommitSteps.Count];
    private readonly SharedStep?[] _shared = new SharedStep?[CommitSteps.Count];

    private CommitTrace()
    {
    }

    /// <summary>Null where nobody listens.</summary>
    public static CommitTrace? Start() => CommitSpans.IsWatched ? new CommitTrace() : null;

    /// <summary>How often it was admitted.</summary>
    public int Attempts { get; private set; }

    public void Begin(CommitStep step)
    {
        // What an earlier attempt did was undone: the trace shows the last one.
        if (step == CommitStep.Admit)
        {
            Attempts++;
            Array.Clear(_steps, (int)step, CommitSteps.Count - (int)step);
            Array.Clear(_shared);
        }
        _steps[(int)step].Begun = Stopwatch.GetTimestamp();
    }

    public void End(CommitStep step) => _steps[(int)step].Ended = Stopwatch.GetTimestamp();

    /// <summary>A step that the commit did not take alone. Where it had begun it before, for itself, it goes on.</summary>
    public void Took(CommitStep step, SharedStep shared)
    {
        (long begun, _) = _steps[(int)step];
        _steps[(int)step] = (begun == 0 ? shared.Begun : begun, shared.Ended);
        _shared[(int)step] = shared;
    }

    /// <summary>False: it was not taken, or not to its end.</summary>
    public bool Has(CommitStep step, out long begun, out long ended, out SharedStep? shared)
    {
        (begun, ended) = _steps[(int)step];
        shared = _shared[(int)step];
        return begun != 0 && ended != 0;
    }
}
