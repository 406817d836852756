namespace AtomikD.Routes;

/// <summary>Commits and failures of the last hour, by the minute. Bounded, in memory, empty after a start.</summary>
internal sealed class RecentActivity
{
    public const int Minutes = 60;

    private readonly Lock _lock = new();
    private readonly (long Minute, int Commits, int Failures)[] _ring = new (long, int, int)[Minutes];

    public void Count(DateTimeOffset at, bool isCommit)
    {
        long minute = MinuteOf(at);
        lock (_lock)
        {
            ref (long Minute, int Commits, int Failures) slot = ref _ring[minute % Minutes];
            if (slot.Minute != minute)
                slot = (minute, 0, 0);
            if (isCommit)
                slot.Commits++;
            else
                slot.Failures++;
        }
    }

    /// <summary>The last hour, the oldest minute first; the last one is the minute that is running.</summary>
    public IReadOnlyList<ActivityMinute> Last(DateTimeOffset now)
    {
        long newest = MinuteOf(now);
        var minutes = new ActivityMinute[Minutes];
        lock (_lock)
        {
            for (int i = 0; i < Minutes; i++)
            {
                long minute = newest - Minutes + 1 + i;
                (long Minute, int Commits, int Failures) slot = _ring[minute % Minutes];
                bool isIts = slot.Minute == minute;
                minutes[i] = new ActivityMinute(DateTimeOffset.FromUnixTimeSeconds(minute * 60), isIts ? slot.Commits : 0, isIts ? slot.Failures : 0);
            }
        }
        return minutes;
    }

    private static long MinuteOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / 60;
}

/// <summary>What one minute brought.</summary>
internal readonly record struct ActivityMinute(DateTimeOffset At, int Commits, int Failures);
