namespace AtomikD.Configuration;

/// <summary>Times as the configuration writes them.</summary>
internal static class Times
{
    private static readonly (string Unit, long Ticks)[] s_units =
    [
        ("d", TimeSpan.TicksPerDay),
        ("h", TimeSpan.TicksPerHour),
        ("min", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    /// <summary><c>1h 30min</c>; 0 is <c>0</c>.</summary>
    public static string Format(TimeSpan time)
    {
        var parts = new List<string>();
        long rest = time.Ticks;
        foreach ((string unit, long ticks) in s_units)
        {
            if (rest / ticks is > 0 and var number)
                parts.Add($"{number}{unit}");
            rest %= ticks;
        }
        return parts.Count == 0 ? "0" : string.Join(' ', parts);
    }
}
