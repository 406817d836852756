using System.Text;
using OpenTelemetry.Metrics;

namespace AtomikD.Telemetry.Exposition;

/// <summary>An instrument under the name and type that Prometheus has for it, by the OpenTelemetry specification's rules.</summary>
/// <param name="Name">Of the family, in OpenMetrics; without _total.</param>
/// <param name="Unit">A word at the end of the name; empty where there is none.</param>
/// <param name="Kind">Its type.</param>
/// <param name="Help">What it tells.</param>
internal readonly record struct MetricFamily(string Name, string Unit, FamilyKind Kind, string Help)
{
    public static MetricFamily Of(Metric metric)
    {
        FamilyKind kind = metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => FamilyKind.Counter,
            MetricType.Histogram or MetricType.ExponentialHistogram => FamilyKind.Histogram,
            _ => FamilyKind.Gauge,
        };
        string unit = UnitOf(metric.Unit, kind);
        string name = Sanitized(metric.Name, mayHaveColons: true);
        if (kind == FamilyKind.Counter && name.EndsWith("_total", StringComparison.Ordinal))
            name = name[..^"_total".Length];
        // OpenMetrics wants the unit at the very end.
        if (unit.Length > 0 && name != unit && !name.EndsWith($"_{unit}", StringComparison.Ordinal))
            name = $"{name}_{unit}";
        return new MetricFamily(name, unit, kind, metric.Description);
    }

    /// <summary>Letters, digits and single underscores; a digit does not come first.</summary>
    public static string Sanitized(string name, bool mayHaveColons)
    {
        var text = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
            text.Append('_');
        foreach (char c in name)
        {
            bool isAllowed = char.IsAsciiLetterOrDigit(c) || (c == ':' && mayHaveColons);
            if (isAllowed)
                text.Append(c);
            else if (text.Length == 0 || text[^1] != '_')
                text.Append('_');
        }
        return text.ToString();
    }

    private static string UnitOf(string unit, FamilyKind kind)
    {
        // What stands in braces is a remark, not a unit.
        if (unit.Contains('{'))
            unit = System.Text.RegularExpressions.Regex.Replace(unit, @"\{[^}]*\}", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
        if (unit.Length == 0)
            return "";
        if (unit == "1")
            return kind == FamilyKind.Gauge ? "ratio" : "";
        int slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return Word(unit);
        string per = unit[(slash + 1)..];
        string of = slash > 0 ? Word(unit[..slash]) : "";
        if (per.Length == 0)
            return of;
        string denominator = $"per_{Sanitized(s_perWords.GetValueOrDefault(per, per), mayHaveColons: false)}";
        return of.Length > 0 ? $"{of}_{denominator}" : denominator;
    }

    private static string Word(string unit) => Sanitized(s_words.GetValueOrDefault(unit, unit), mayHaveColons: false);

    private static readonly Dictionary<string, string> s_words = new(StringComparer.Ordinal)
    {
        ["d"] = "days",
        ["h"] = "hours",
        ["min"] = "minutes",
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["%"] = "percent",
        ["Hz"] = "hertz",
        ["Cel"] = "celsius",
    };

    private static readonly Dictionary<string, string> s_perWords = new(StringComparer.Ordinal)
    {
        ["s"] = "second",
        ["min"] = "minute",
        ["h"] = "hour",
        ["d"] = "day",
    };
}

internal enum FamilyKind
{
    Counter,
    Gauge,
    Histogram,
}
