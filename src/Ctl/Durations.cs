using System.Globalization;

namespace AtomikD.Ctl;

/// <summary>30s, 5min, 2h, 3d, 1w; and times, as ISO 8601 has them.</summary>
internal static class Durations
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        string digits = text.TrimEnd('s', 'm', 'i', 'n', 'h', 'd', 'w');
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            return false;
        double? seconds = text[digits.Length..] switch
        {
            "" or "s" => number,
            "m" or "min" => number * 60,
            "h" => number * 3600,
            "d" => number * 86_400,
            "w" => number * 604_800,
            _ => null,
        };
        // Beyond that a timer cannot wait.
        if (seconds is null or > 4_000_000)
            return false;
        duration = TimeSpan.FromSeconds(seconds.Value);
        return true;
    }

    /// <summary>How long ago, or when; a time without a zone is one of this machine.</summary>
    public static bool TryParseMoment(string text, DateTimeOffset now, out DateTimeOffset moment)
    {
        if (TryParse(text, out TimeSpan ago) && !char.IsAsciiDigit(text[^1]))
        {
            moment = now - ago;
            return true;
        }
        moment = default;
        return text.Contains('-', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out moment);
    }
}
