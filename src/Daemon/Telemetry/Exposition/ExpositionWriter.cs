using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace AtomikD.Telemetry.Exposition;

/// <summary>
/// Writes what the SDK has collected as text. Left out on purpose: labels for the meter (names of families are unique here), the
/// <c>_created</c> samples of OpenMetrics (each would be a series of its own in Prometheus) and time stamps.
/// </summary>
internal sealed class ExpositionWriter(TextBuffer text, ExpositionFormat format)
{
    private readonly bool _isOpen = format == ExpositionFormat.OpenMetrics;

    public void Write(IEnumerable<Metric> metrics, IEnumerable<KeyValuePair<string, object>> resource)
    {
        WriteTarget(resource);
        var written = new Dictionary<string, FamilyKind>(StringComparer.Ordinal);
        // The samples of a family stand together, whichever meter they are from.
        foreach ((MetricFamily family, Metric metric) in metrics.Select(metric => (Family: MetricFamily.Of(metric), metric)).OrderBy(pair => pair.Family.Name, StringComparer.Ordinal))
        {
            if (!written.TryGetValue(family.Name, out FamilyKind kind))
                WriteHead(family);
            else if (kind != family.Kind)
                continue; // One name cannot have two types.
            written[family.Name] = family.Kind;
            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
                WritePoint(family, metric.MetricType, point);
        }
        if (_isOpen)
            text.Add("# EOF\n"u8);
    }

    /// <summary>What the service says of itself, once, as <c>target_info</c>.</summary>
    private void WriteTarget(IEnumerable<KeyValuePair<string, object>> resource)
    {
        text.Add(_isOpen ? "# TYPE target info\n# HELP target Target metadata\n"u8 : "# HELP target_info Target metadata\n# TYPE target_info gauge\n"u8);
        text.Add("target_info"u8);
        WriteLabels(resource.Select(pair => (pair.Key, (object?)pair.Value)));
        text.Add(" 1\n"u8);
    }

    private void WriteHead(in MetricFamily family)
    {
        string name = _isOpen || family.Kind != FamilyKind.Counter ? family.Name : $"{family.Name}_total";
        if (family.Help.Length > 0)
            text.Add("# HELP "u8).Add(name).Add(" "u8).AddEscaped(family.Help, quotes: _isOpen).Add("\n"u8);
        text.Add("# TYPE "u8).Add(name).Add(family.Kind switch
        {
            FamilyKind.Counter => " counter\n"u8,
            FamilyKind.Histogram => " histogram\n"u8,
            _ => " gauge\n"u8,
        });
        if (_isOpen && family.Unit.Length > 0)
            text.Add("# UNIT "u8).Add(name).Add(" "u8).Add(family.Unit).Add("\n"u8);
    }

    private void WritePoint(in MetricFamily family, MetricType type, in MetricPoint point)
    {
        if (family.Kind == FamilyKind.Histogram)
        {
            WriteHistogram(family.Name, type, point);
            return;
        }
        text.Add(family.Name).Add(family.Kind == FamilyKind.Counter ? "_total"u8 : ""u8);
        WriteLabels(LabelsOf(point));
        text.Add(" "u8);
        switch (type)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                text.Add(point.GetSumLong());
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                text.Add(point.GetSumDouble());
                break;
            case MetricType.LongGauge:
                text.Add(point.GetGaugeLastValueLong());
                break;
            default:
                text.Add(point.GetGaugeLastValueDouble());
                break;
        }
        text.Add("\n"u8);
    }

    private void WriteHistogram(string name, MetricType type, in MetricPoint point)
    {
        List<(string Name, object? Value)> labels = LabelsOf(point);
        long count = point.GetHistogramCount();
        if (type == MetricType.Histogram)
        {
            // By the count of the buckets themselves, so that the last one and the count agree.
            count = 0;
            foreach (HistogramBucket bucket in point.GetHistogramBuckets())
                WriteBucket(name, labels, bucket.ExplicitBound, count += bucket.BucketCount);
        }
        else
            WriteBucket(name, labels, double.PositiveInfinity, count);
        text.Add(name).Add("_sum"u8);
        WriteLabels(labels);
        text.Add(" "u8).Add(point.GetHistogramSum()).Add("\n"u8).Add(name).Add("_count"u8);
        WriteLabels(labels);
        text.Add(" "u8).Add(count).Add("\n"u8);
    }

    private void WriteBucket(string name, List<(string Name, object? Value)> labels, double bound, long count)
    {
        text.Add(name).Add("_bucket"u8);
        WriteLabels(labels, bound);
        text.Add(" "u8).Add(count).Add("\n"u8);
    }

    private static List<(string Name, object? Value)> LabelsOf(in MetricPoint point)
    {
        var labels = new List<(string, object?)>(point.Tags.Count);
        foreach (KeyValuePair<string, object?> tag in point.Tags)
            labels.Add((tag.Key, tag.Value));
        return labels;
    }

    private void WriteLabels(IEnumerable<(string Name, object? Value)> labels, double? bound = null)
    {
        bool isFirst = true;
        // Two attributes may come to one name, which has to be there once: then their values are joined.
        foreach (IGrouping<string, object?> label in labels.GroupBy(label => MetricFamily.Sanitized(label.Name, mayHaveColons: false), label => label.Value))
        {
            text.Add(isFirst ? "{"u8 : ","u8).Add(label.Key).Add("=\""u8).AddEscaped(string.Join(';', label.Select(Text)), quotes: true).Add("\""u8);
            isFirst = false;
        }
        if (bound is { } limit)
        {
            text.Add(isFirst ? "{le=\""u8 : ",le=\""u8).AddBound(limit).Add("\""u8);
            isFirst = false;
        }
        if (!isFirst)
            text.Add("}"u8);
    }

    private static string Text(object? value) => value switch
    {
        true => "true",
        false => "false",
        Array array => string.Join(',', array.Cast<object?>().Select(Text)),
        _ => value?.ToString() ?? "",
    };
}
