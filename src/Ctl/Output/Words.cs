using System.Globalization;
using System.Text;

namespace AtomikD.Ctl.Output;

/// <summary>Values as people read them.</summary>
internal static class Words
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Names and messages are data: what would move the cursor, colour the screen or turn the line around is spelled out.</summary>
    public static string Safe(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                safe.Append(c <= 0xFF ? $"\\x{(int)c:x2}" : $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        }
        return safe.ToString();
    }

    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit < s_units.Length - 1; unit++)
            value /= 1024;
        return unit == 0 ? $"{bytes} B" : $"{value.ToString(value < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture)} {s_units[unit]}";
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>By the clock and in the zone of who reads it.</summary>
    public static string Time(DateTimeOffset time) =>
        TimeZoneInfo.ConvertTime(time, TimeProvider.System.LocalTimeZone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>For programs.</summary>
    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 60 } => $"{age.TotalSeconds:0} s",
        { TotalMinutes: < 60 } => $"{Math.Floor(age.TotalMinutes):0} min",
        { TotalHours: < 48 } => $"{Math.Floor(age.TotalHours):0} h",
        _ => $"{Math.Floor(age.TotalDays):0} d",
    };

    public static string Count(long number, string word) => $"{number} {word}{(number == 1 ? "" : "s")}";
}
