using System.Collections.Concurrent;
using AtomikD.Linux;
using Microsoft.Extensions.Logging;

namespace AtomikD.Versions;

/// <summary>What the collector remembers of one vault while the daemon runs. All but the hurry belongs to whose turn it is.</summary>
internal sealed class VaultMemory(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<Name, StuckThing> _stuck = new();
    private readonly Dictionary<Name, long> _heldSince = [];
    private readonly HashSet<long> _toldMounted = [];
    private int _hurried;

    /// <summary>One pass at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Somebody waits for the outcome: whoever has the turn rests less.</summary>
    public bool IsHurried => Volatile.Read(ref _hurried) > 0;

    /// <summary>A sync failed. What is on the disk is not known any more, and so nothing is taken from it.</summary>
    public bool IsSuspect { get; private set; }

    /// <summary>Rows of versions that have left their slots, for the journal's next transaction.</summary>
    public List<long> Gone { get; } = [];

    public IReadOnlyCollection<StuckThing> Stuck => [.. _stuck.Values];

    public void Hurry() => Interlocked.Increment(ref _hurried);

    public void HurryNoMore() => Interlocked.Decrement(ref _hurried);

    /// <summary>Was tried a short while ago.</summary>
    public bool IsResting(Name thing) => _stuck.TryGetValue(thing, out StuckThing? stuck) && time.GetElapsedTime(stuck.TriedAt) < s_retryAfter;

    public StuckThing? WhyStuck(Name thing) => _stuck.GetValueOrDefault(thing);

    /// <summary>Told once, however often it is tried.</summary>
    public void Remember(Name thing, string path, Errno error)
    {
        if (IsNew(thing, path, error))
            Log.Undeletable(logger, path, error.Describe());
    }

    public void RememberMounted(Name thing, string path, MountUse use)
    {
        if (IsNew(thing, path, Errno.EBUSY))
            Log.Mounted(logger, path, use.Pid, use.Command, use.Point);
    }

    private bool IsNew(Name thing, string path, Errno error)
    {
        bool isNew = !_stuck.ContainsKey(thing);
        _stuck[thing] = new StuckThing(path, error, time.GetTimestamp());
        return isNew;
    }

    public void Forget(Name thing)
    {
        _stuck.TryRemove(thing, out _);
        _heldSince.Remove(thing);
    }

    /// <summary>A rollback may have taken what could not be collected: nobody asks for it any more.</summary>
    public void ForgetOld()
    {
        foreach ((Name thing, StuckThing stuck) in _stuck)
            if (time.GetElapsedTime(stuck.TriedAt) > 2 * s_retryAfter)
                _stuck.TryRemove(thing, out _);
    }

    /// <summary>How long a reader is known to have held what is in the trash.</summary>
    public TimeSpan HeldFor(Name thing)
    {
        if (_heldSince.TryGetValue(thing, out long since))
            return time.GetElapsedTime(since);
        _heldSince.Add(thing, time.GetTimestamp());
        return TimeSpan.Zero;
    }

    public bool IsNewsThatMounted(long sequence) => _toldMounted.Add(sequence);

    public void MountedAre(IEnumerable<long> sequences) => _toldMounted.IntersectWith(sequences);

    public void Suspect(string vault, string what, Errno error)
    {
        IsSuspect = true;
        Log.SyncFailed(logger, vault, what, error.Describe());
    }
}
