using System.Globalization;

namespace Grpc.Core.Wire;

/// <summary>The value of <c>grpc-timeout</c>: at most eight digits and a unit.</summary>
internal static class TimeoutCoding
{
    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;

    private static readonly (char Unit, long Ticks)[] s_units =
    [
        ('u', TimeSpan.TicksPerMicrosecond),
        ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond),
        ('M', TimeSpan.TicksPerMinute),
        ('H', TimeSpan.TicksPerHour),
    ];

    public static bool TryDecode(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            return false;

        if (text[^1] == 'n')
        {
            // A tick is 100 ns; a short timeout must not become none.
            timeout = new TimeSpan((value + 99) / 100);
            return true;
        }
        foreach ((char unit, long ticks) in s_units)
        {
            if (text[^1] != unit)
                continue;
            timeout = new TimeSpan(value * ticks);
            return true;
        }
        return false;
    }

    /// <summary>In the finest unit that has room for it, rounded up; what is over already is <c>0n</c>.</summary>
    public static string Encode(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero)
            return "0n";
        if (timeout.Ticks <= MaxValue / 100)
            return string.Create(CultureInfo.InvariantCulture, $"{timeout.Ticks * 100}n");
        foreach ((char unit, long ticks) in s_units)
        {
            long value = (timeout.Ticks / ticks) + (timeout.Ticks % ticks == 0 ? 0 : 1);
            if (value <= MaxValue)
                return string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
        }
        return "99999999H";
    }
}
