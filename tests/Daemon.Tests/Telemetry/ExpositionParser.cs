using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AtomikD.Telemetry;

/// <summary>
/// Reads classic Prometheus text 0.0.4 and OpenMetrics 1.0.0 as their specifications have it, and forgives nothing: order of lines,
/// suffixes, escapes, blanks, cumulative buckets, one series twice.
/// </summary>
internal sealed partial class ExpositionParser
{
    private static readonly string[] s_classicTypes = ["counter", "gauge", "histogram", "summary", "untyped"];
    private static readonly string[] s_openTypes = ["counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"];

    private readonly bool _isOpen;
    private readonly ScrapedMetrics _exposition = new();
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);
    private string? _name;
    private string? _type;
    private string _unit = "";
    private string? _help;
    private List<ScrapedMetrics.Sample> _samples = [];

    private ExpositionParser(bool isOpen) => _isOpen = isOpen;

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MetricName { get; }

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LabelName { get; }

    /// <summary>OpenMetrics, ABNF "realnumber" and what stands for no number.</summary>
    [GeneratedRegex("^([+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]Inf|NaN)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Number { get; }

    public static ScrapedMetrics Classic(string text) => new ExpositionParser(isOpen: false).Read(text);

    public static ScrapedMetrics OpenMetrics(string text) => new ExpositionParser(isOpen: true).Read(text);

    private ScrapedMetrics Read(string text)
    {
        Check(text.EndsWith('\n'), "the last line has no end");
        Check(!text.Contains('\r'), "a carriage return");
        string[] lines = text[..^1].Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            try
            {
                bool isLast = i == lines.Length - 1;
                if (_isOpen && lines[i] == "# EOF")
                    Check(isLast, "something follows # EOF");
                else
                {
                    Check(!(_isOpen && isLast), "# EOF is missing");
                    Line(lines[i]);
                }
            }
            catch (FormatException e)
            {
                throw new FormatException($"line {i + 1}: {e.Message}: {lines[i]}", e);
            }
        }
        Close();
        return _exposition;
    }

    private void Line(string line)
    {
        Check(line.Length > 0 || !_isOpen, "an empty line");
        if (line.StartsWith('#'))
            Comment(line);
        else
            _samples.Add(SampleOf(line));
    }

    private void Comment(string line)
    {
        string[] words = line.Split(' ', 4);
        Check(words.Length >= 3 && words[0] == "#" && words[1] is "HELP" or "TYPE" or "UNIT", "not a line of metadata");
        Check(_isOpen || words[1] != "UNIT", "the classic text has no units");
        string name = words[2];
        Check(MetricName.IsMatch(name), "the name of a metric");
        if (name != _name)
        {
            Close();
            _name = name;
        }
        Check(_samples.Count == 0, "metadata behind samples");
        string rest = words.Length > 3 ? words[3] : "";
        switch (words[1])
        {
            case "TYPE":
                Check(_type is null && (_isOpen ? s_openTypes : s_classicTypes).Contains(rest), "the type");
                _type = rest;
                break;
            case "UNIT":
                Check(_unit.Length == 0 && name.EndsWith($"_{rest}", StringComparison.Ordinal), "the unit is not the end of the name");
                _unit = rest;
                break;
            default:
                Check(_help is null, "a second HELP");
                _help = Unescaped(rest, quotes: _isOpen);
                break;
        }
    }

    private ScrapedMetrics.Sample SampleOf(string line)
    {
        int end = line.IndexOfAny(['{', ' ']);
        Check(end > 0, "a sample without a value");
        string name = line[..end];
        Check(MetricName.IsMatch(name), "the name of a sample");
        Check(_name is not null && _type is not null && Suffixes().Contains(name[Math.Min(_name.Length, name.Length)..]) && name.StartsWith(_name, StringComparison.Ordinal), "a sample that is not of the family above");
        int at = end;
        Dictionary<string, string> labels = line[at] == '{' ? LabelsOf(line, ref at) : [];
        Check(at < line.Length && line[at] == ' ', "one blank before the value");
        string value = line[(at + 1)..];
        Check(Number.IsMatch(value), "the value");
        Check(_series.Add($"{name}{{{string.Join(',', labels.OrderBy(pair => pair.Key, StringComparer.Ordinal))}}}"), "a series twice");
        return new ScrapedMetrics.Sample(name, labels, NumberOf(value));
    }

    private string[] Suffixes() => (_type, _isOpen) switch
    {
        ("counter", true) => ["_total", "_created"],
        ("info", true) => ["_info"],
        ("histogram", true) => ["_bucket", "_count", "_sum", "_created"],
        ("histogram", false) => ["_bucket", "_count", "_sum"],
        _ => [""],
    };

    private static Dictionary<string, string> LabelsOf(string line, ref int at)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        do
        {
            int equals = line.IndexOf('=', at);
            Check(equals > 0 && equals + 1 < line.Length && line[equals + 1] == '"', "a label without a value in quotes");
            string name = line[(at + 1)..equals];
            Check(LabelName.IsMatch(name) && !name.StartsWith("__", StringComparison.Ordinal), "the name of a label");
            int end = equals + 2;
            while (end < line.Length && line[end] != '"')
                end += line[end] == '\\' ? 2 : 1;
            Check(end < line.Length, "a value without its end");
            Check(labels.TryAdd(name, Unescaped(line[(equals + 2)..end], quotes: true)), "a label twice");
            at = end + 1;
            Check(at < line.Length, "labels without their end");
        }
        while (line[at] == ',');
        Check(line[at] == '}', "labels without their end");
        at++;
        return labels;
    }

    private static string Unescaped(string text, bool quotes)
    {
        var result = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            Check(text[i] != '"' || !quotes, "a bare quote");
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }
            Check(++i < text.Length && (text[i] is '\\' or 'n' || (text[i] == '"' && quotes)), "an unknown escape");
            result.Append(text[i] == 'n' ? '\n' : text[i]);
        }
        return result.ToString();
    }

    private void Close()
    {
        if (_name is null)
            return;
        Check(_type is not null, $"{_name} has no type");
        var family = new ScrapedMetrics.Family(_name, _type!, _unit, _help ?? "");
        family.Samples.AddRange(_samples);
        if (_type == "histogram")
            CheckHistogram(family);
        if (_type == "counter")
            Check(_samples.TrueForAll(sample => sample.Value >= 0) && (_isOpen || _name.EndsWith("_total", StringComparison.Ordinal)), $"{_name} is no counter");
        _exposition.Add(family);
        (_name, _type, _unit, _help, _samples) = (null, null, "", null, []);
    }

    private static void CheckHistogram(ScrapedMetrics.Family family)
    {
        foreach (IGrouping<string, ScrapedMetrics.Sample> series in family.Samples.GroupBy(sample => sample.Without("le")))
        {
            ScrapedMetrics.Sample[] buckets = [.. series.Where(sample => sample.Name == $"{family.Name}_bucket")];
            double[] bounds = [.. buckets.Select(bucket => NumberOf(bucket.Labels["le"]))];
            Check(bounds.Length > 0 && bounds[^1] == double.PositiveInfinity, "no bucket +Inf");
            Check(buckets.All(bucket => bucket.Labels["le"].AsSpan().IndexOfAny(".eEI") >= 0), "a bound that is not written as OpenMetrics wants it");
            for (int i = 1; i < bounds.Length; i++)
                Check(bounds[i] > bounds[i - 1] && buckets[i].Value >= buckets[i - 1].Value, "buckets that do not grow");
            Check(series.Single(sample => sample.Name == $"{family.Name}_count").Value == buckets[^1].Value, "the count is not that of the last bucket");
            Check(series.Count(sample => sample.Name == $"{family.Name}_sum") == 1, "no sum");
        }
    }

    private static double NumberOf(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private static void Check(bool isRight, string what)
    {
        if (!isRight)
            throw new FormatException(what);
    }
}
