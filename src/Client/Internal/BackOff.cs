namespace AtomikD.Client.Internal;

/// <summary>Pauses that grow from 20 ms to 2 s, each up to a fifth shorter, so that many clients do not come back in step.</summary>
internal sealed class BackOff(TimeProvider time)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    private readonly long _began = time.GetTimestamp();
    private long? _unreachableSince;

    public int Tries { get; private set; }

    public TimeSpan Next { get; private set; } = s_first;

    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Whether there is time left to reach a daemon that has not been reached since the last connection.</summary>
    public bool MayReach(bool wasReached, TimeSpan limit)
    {
        if (wasReached)
            _unreachableSince = null;
        else
            _unreachableSince ??= time.GetTimestamp();
        return _unreachableSince is not { } since || time.GetElapsedTime(since) + Next < limit;
    }

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Tries++;
        // Not for secrets.
#pragma warning disable CA5394
        double share = 1 - Random.Shared.NextDouble() / 5;
#pragma warning restore CA5394
        await Task.Delay(Next * share, time, cancellationToken);
        Next = Next * 2 < s_longest ? Next * 2 : s_longest;
    }

    public void Reset()
    {
        Tries = 0;
        Next = s_first;
        _unreachableSince = null;
    }
}
