using System.Diagnostics.Metrics;
using System.Text;
using AtomikD.Telemetry.Exposition;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Xunit;

namespace AtomikD.Telemetry;

/// <summary>Both formats to the letter, for instruments that have everything that is odd.</summary>
public sealed class ExpositionWriterTests : IDisposable
{
    private readonly Meter _meter = new($"test {Guid.NewGuid()}", "1.2");
    private readonly ScrapeExporter _exporter = new(new JournalState());
    private readonly MeterProvider _provider;

    public ExpositionWriterTests() => _provider = Sdk.CreateMeterProviderBuilder()
        .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes([new("service.name", "a \"b\"\\c\nd"), new("service.version", "1")]))
        .AddMeter(_meter.Name).AddReader(new BaseExportingMetricReader(_exporter)).Build();

    public void Dispose()
    {
        _provider.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task A_counter_has_its_suffix_where_each_format_wants_it()
    {
        _meter.CreateCounter<long>("things.done", "{thing}", "Things, \"done\".\nC:\\").Add(3, new KeyValuePair<string, object?>("route", "a\\b\"c\nd"));
        _meter.CreateCounter<double>("gone.time", "s").Add(0.5);

        Assert.Equal("""
            # HELP target_info Target metadata
            # TYPE target_info gauge
            target_info{service_name="a \"b\"\\c\nd",service_version="1"} 1
            # TYPE gone_time_seconds_total counter
            gone_time_seconds_total 0.5
            # HELP things_done_total Things, "done".\nC:\\
            # TYPE things_done_total counter
            things_done_total{route="a\\b\"c\nd"} 3

            """, await ClassicAsync());
        Assert.Equal("""
            # TYPE target info
            # HELP target Target metadata
            target_info{service_name="a \"b\"\\c\nd",service_version="1"} 1
            # TYPE gone_time_seconds counter
            # UNIT gone_time_seconds seconds
            gone_time_seconds_total 0.5
            # HELP things_done Things, \"done\".\nC:\\
            # TYPE things_done counter
            things_done_total{route="a\\b\"c\nd"} 3
            # EOF

            """, await OpenAsync());
    }

    [Fact]
    public async Task A_histogram_is_cumulative_and_its_bounds_are_the_same_labels_in_both_formats()
    {
        Histogram<double> histogram = _meter.CreateHistogram("took", "s", "Time.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0002, 0.5, 1, 600] });
        foreach (double value in (double[])[0.0001, 0.5, 0.6, 1000])
            histogram.Record(value, new KeyValuePair<string, object?>("door", "rpc"));

        const string Samples = """
            took_seconds_bucket{door="rpc",le="0.0002"} 1
            took_seconds_bucket{door="rpc",le="0.5"} 2
            took_seconds_bucket{door="rpc",le="1.0"} 3
            took_seconds_bucket{door="rpc",le="600.0"} 3
            took_seconds_bucket{door="rpc",le="+Inf"} 4
            took_seconds_sum{door="rpc"} 1001.1001
            took_seconds_count{door="rpc"} 4

            """;
        Assert.EndsWith("# HELP took_seconds Time.\n# TYPE took_seconds histogram\n" + Samples, await ClassicAsync());
        Assert.EndsWith("# HELP took_seconds Time.\n# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n" + Samples + "# EOF\n", await OpenAsync());
    }

    [Fact]
    public async Task Numbers_that_are_none_and_very_small_or_large_ones_are_written_as_the_formats_have_them()
    {
        _meter.CreateObservableGauge("n", () => new Measurement<double>[]
        {
            new(double.NaN, new KeyValuePair<string, object?>("is", "none")),
            new(double.PositiveInfinity, new KeyValuePair<string, object?>("is", "much")),
            new(double.NegativeInfinity, new KeyValuePair<string, object?>("is", "little")),
            new(1e-7, new KeyValuePair<string, object?>("is", "small")),
            new(1e300, new KeyValuePair<string, object?>("is", "large")),
            new(0.1 + 0.2, new KeyValuePair<string, object?>("is", "exact")),
        });

        ScrapedMetrics scraped = ExpositionParser.OpenMetrics(await OpenAsync());

        Assert.Equal(double.NaN, scraped.Value("n", "is=none"));
        Assert.Equal(double.PositiveInfinity, scraped.Value("n", "is=much"));
        Assert.Equal(double.NegativeInfinity, scraped.Value("n", "is=little"));
        Assert.Equal(1e-7, scraped.Value("n", "is=small"));
        Assert.Equal(1e300, scraped.Value("n", "is=large"));
        Assert.Equal(0.1 + 0.2, scraped.Value("n", "is=exact"));
    }

    [Fact]
    public async Task Names_units_and_labels_follow_the_rules_of_OpenTelemetry_for_Prometheus()
    {
        _meter.CreateObservableGauge("process.memory.usage", () => 1L, "By");
        _meter.CreateObservableGauge("cpu-load", () => 0.5, "1");
        _meter.CreateObservableGauge("rate", () => 7L, "By/s");
        _meter.CreateObservableGauge("open..files", () => 2L, "{file}");
        _meter.CreateObservableGauge("wait.seconds", () => 2L, "s");
        _meter.CreateObservableUpDownCounter("in.flight", () => 4L);
        _meter.CreateCounter<long>("already.total").Add(1, new("a.b", "1"), new("a_b", 2), new("c", true));

        foreach (ScrapedMetrics scraped in (ScrapedMetrics[])[ExpositionParser.Classic(await ClassicAsync()), ExpositionParser.OpenMetrics(await OpenAsync())])
        {
            Assert.Equal(1, scraped.Value("process_memory_usage_bytes"));
            Assert.Equal(0.5, scraped.Value("cpu_load_ratio"));
            Assert.Equal(7, scraped.Value("rate_bytes_per_second"));
            Assert.Equal(2, scraped.Value("open_files"));
            Assert.Equal(2, scraped.Value("wait_seconds"));
            Assert.Equal(4, scraped.Value("in_flight"));
            Assert.Equal(1, scraped.Value("already_total", "a_b=1;2", "c=true"));
        }
    }

    [Fact]
    public async Task Many_who_ask_at_once_all_get_a_whole_answer()
    {
        _meter.CreateCounter<long>("asked").Add(1);

        string[] texts = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() => i % 2 == 0 ? ClassicAsync() : OpenAsync())));

        for (int i = 0; i < texts.Length; i++)
            Assert.Equal(1, (i % 2 == 0 ? ExpositionParser.Classic(texts[i]) : ExpositionParser.OpenMetrics(texts[i])).Value("asked_total"));
    }

    private Task<string> ClassicAsync() => TextAsync(ExpositionFormat.PrometheusText);

    private Task<string> OpenAsync() => TextAsync(ExpositionFormat.OpenMetrics);

    private async Task<string> TextAsync(ExpositionFormat format) =>
        Encoding.UTF8.GetString((await _exporter.ReadAsync(format, CancellationToken.None))!.Value.Span);
}
