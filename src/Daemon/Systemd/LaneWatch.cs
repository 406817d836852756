using AtomikD.Commits;

namespace AtomikD.Systemd;

/// <summary>One look at the lanes.</summary>
/// <param name="Stuck">Lanes of which a thread has something to do, does not move, and waits for nothing but this process.</param>
/// <param name="Slow">Lanes of which a thread waits for a disk, and for how long.</param>
internal sealed record LaneReport(IReadOnlyList<Lane> Stuck, IReadOnlyList<(Lane Lane, TimeSpan For)> Slow);

/// <summary>
/// Whether every lane makes progress. Threads are watched, not devices: in a system call, or behind a thread that is in one, a lane
/// is slow. A frozen file system or the sync of a huge file is no reason to be killed, and the next start would meet it again.
/// </summary>
internal sealed class LaneWatch(TimeProvider time)
{
    private readonly Dictionary<WorkPulse, (long Beats, long Since)> _seen = [];

    /// <summary>Compares with the look before; what was not seen before counts as moving.</summary>
    public LaneReport Look(IReadOnlyList<Lane> lanes)
    {
        var stuck = new List<Lane>();
        var slow = new List<(Lane, TimeSpan)>();
        foreach (Lane lane in lanes)
        {
            foreach (WorkPulse pulse in lane.Pulses)
            {
                TimeSpan still = StillFor(pulse);
                if (still == TimeSpan.Zero || !HasSomethingToDo(lane, pulse))
                    continue;
                if (IsStuck(pulse))
                    stuck.Add(lane);
                else
                    slow.Add((lane, still));
            }
        }
        return new LaneReport(stuck, slow);
    }

    /// <summary>How long it has not moved, as far as was looked.</summary>
    private TimeSpan StillFor(WorkPulse pulse)
    {
        long beats = pulse.Beats;
        if (_seen.TryGetValue(pulse, out (long Beats, long Since) before) && before.Beats == beats)
            return time.GetElapsedTime(before.Since);
        _seen[pulse] = (beats, time.GetTimestamp());
        return TimeSpan.Zero;
    }

    private static bool HasSomethingToDo(Lane lane, WorkPulse pulse) => pulse.State switch
    {
        WorkState.Working => true,
        WorkState.Resting => pulse.Thread != 0 && lane.HasWaiting(pulse), // Nobody woke it.
        _ => false,
    };

    private static bool IsStuck(WorkPulse pulse) => ThreadLook.At(pulse.Thread) switch
    {
        ThreadActivity.WaitingInside => !ThreadLook.IsAnyAtDisk(),
        ThreadActivity.Running => true,
        _ => false,
    };
}
