using AtomikD.Linux;

namespace AtomikD.Commits;

/// <summary>What a thread is at.</summary>
internal enum WorkState
{
    /// <summary>It waits for something to do.</summary>
    Resting,

    /// <summary>It waits until others have done something, who tell of themselves.</summary>
    Held,

    Working,
}

/// <summary>
/// A lane's thread as a watchdog sees it: whether it has something in hand, and a count that grows as long as it moves. It costs
/// the thread one store for each item and step.
/// </summary>
internal sealed class WorkPulse
{
    private volatile int _thread;
    private volatile WorkState _state;
    private long _beats;

    /// <summary>The thread's number in /proc/self/task; 0 before it first began.</summary>
    public int Thread => _thread;

    public WorkState State => _state;

    /// <summary>Grows with everything that the thread has done.</summary>
    public long Beats => Volatile.Read(ref _beats);

    public void Begin()
    {
        if (_thread == 0)
            _thread = Unistd.GetTid();
        _state = WorkState.Working;
        Beat();
    }

    public void Hold()
    {
        _state = WorkState.Held;
        Beat();
    }

    public void Rest() => _state = WorkState.Resting;

    /// <summary>Only its own thread counts.</summary>
    public void Beat() => Volatile.Write(ref _beats, _beats + 1);
}
