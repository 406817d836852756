using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AtomikD.Client;
using AtomikD.Interop.Hostile;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Grpc.Net.Client;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;
using Xunit;

namespace AtomikD.Interop.Telemetry;

/// <summary>The whole service pushes to a collector that is not its own: what comes is read from the bytes.</summary>
public sealed class OtlpTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Metrics_and_traces_come_and_each_commits_trace_joins_its_callers(string protocol)
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using var daemon = new DaemonProcess(environment: Pushing(receiver, protocol));
        (string trace, string span) marked = (NewId(16), NewId(8));
        (string trace, string span) called = (NewId(16), NewId(8));

        File.WriteAllText(Path.Combine(daemon.Staging, "a"), "1");
        File.WriteAllText(Path.Combine(daemon.Staging, "a.ready"), $$"""{"traceparent": "00-{{marked.trace}}-{{marked.span}}-01"}""");
        using GrpcChannel channel = daemon.Channel();
        var client = new CommitService.CommitServiceClient(channel);
        File.WriteAllText(Path.Combine(daemon.Staging, "b"), "1");
        await client.CommitAsync(new CommitRequest { Route = "site", Source = "b" }, new Metadata { { "traceparent", $"00-{called.trace}-{called.span}-01" } });

        Span byMarker = RootOf(receiver, marked.trace);
        Assert.Equal(("commit", marked.span, Span.Types.SpanKind.Consumer), (byMarker.Name, OtlpReceiver.Id(byMarker.ParentSpanId), byMarker.Kind));
        Span byCall = RootOf(receiver, called.trace);
        Assert.Equal(("commit", called.span, Span.Types.SpanKind.Server), (byCall.Name, OtlpReceiver.Id(byCall.ParentSpanId), byCall.Kind));
        Assert.Equal("committed", OtlpReceiver.Text(byCall.Attributes, "atomikd.outcome"));
        Assert.Equal("rpc", OtlpReceiver.Text(byCall.Attributes, "atomikd.door"));
        Eventually.True(() => Steps(receiver, called.trace, byCall).SequenceEqual(["wait", "admit", "intend", "claim", "seal", "publish", "settle", "acknowledge"]), "a span for each step", s_limit);
        Assert.Equal("atomikd", OtlpReceiver.Text(receiver.Spans[0].Resource.Resource.Attributes, "service.name"));

        NumberDataPoint Count() => receiver.Metrics.Last(pair => pair.Metric.Name == "atomikd.commits").Metric.Sum.DataPoints.Single(point => OtlpReceiver.Text(point.Attributes, "door") == "rpc");
        Eventually.True(() => receiver.Metrics.Any(pair => pair.Metric.Name == "atomikd.commits"
            && pair.Metric.Sum.DataPoints.Any(point => OtlpReceiver.Text(point.Attributes, "door") == "rpc")), "the count of commits comes", s_limit);
        Assert.Equal(1, Count().AsInt);
        Assert.Equal("committed", OtlpReceiver.Text(Count().Attributes, "outcome"));
        Metric duration = receiver.Metrics.Last(pair => pair.Metric.Name == "atomikd.commit.duration").Metric;
        Assert.Equal("s", duration.Unit);
        Assert.Equal(0.0002, duration.Histogram.DataPoints[0].ExplicitBounds[0]);
        // Gauges are read at each export; the one that brought the count may be older than what they show.
        Eventually.True(() => receiver.Metrics.Any(pair => pair.Metric.Name == "atomikd.versions.retained" && pair.Metric.Gauge.DataPoints.Count == 1), "the route's gauge comes", s_limit);
        Eventually.True(() => receiver.Metrics.Any(pair => pair.Metric.Name == "dotnet.gc.collections"), "the runtime's metrics come", s_limit);
    }

    [Fact]
    public async Task The_shared_step_of_a_batch_is_one_span_to_which_those_of_its_commits_are_linked()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using var daemon = new DaemonProcess(environment: Pushing(receiver, "grpc"));
        string trace = NewId(16);

        for (int i = 0; i < 50; i++)
            File.WriteAllText(Path.Combine(daemon.Staging, $"a{i}"), "1");
        for (int i = 0; i < 50; i++)
            File.WriteAllText(Path.Combine(daemon.Staging, $"a{i}.ready"), $$"""{"traceparent": "00-{{trace}}-{{NewId(8)}}-01"}""");

        Span[] settled = [];
        Eventually.True(() => (settled = [.. Of(receiver, trace).Where(span => span.Name == "settle")]).Length == 50, "each settles", s_limit);
        Dictionary<string, Span> batches = [];
        Eventually.True(() =>
        {
            batches = receiver.Spans.Select(pair => pair.Span).Where(span => span.Name == "batch settle").ToDictionary(span => OtlpReceiver.Id(span.SpanId));
            return settled.All(span => batches.ContainsKey(OtlpReceiver.Id(span.Links.Single().SpanId)));
        }, "the shared spans come", s_limit);
        Assert.All(settled, span =>
        {
            Span batch = batches[OtlpReceiver.Id(span.Links[0].SpanId)];
            Assert.Equal(batch.TraceId, span.Links[0].TraceId);
            // One step, of which each span was made at a moment of its own: the time of day may have moved a little against the time stamps.
            Assert.Equal(batch.StartTimeUnixNano / 1e6, span.StartTimeUnixNano / 1e6, 10.0);
            Assert.Equal(batch.EndTimeUnixNano / 1e6, span.EndTimeUnixNano / 1e6, 10.0);
        });
        Assert.Equal(50, batches.Values.Sum(batch => batch.Attributes.Single(attribute => attribute.Key == "atomikd.batch.size").Value.IntValue));
        Assert.All(batches.Values, batch => Assert.True(batch.ParentSpanId.IsEmpty));
    }

    [Fact]
    public async Task The_span_of_the_client_library_is_the_parent_of_the_commits()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using var daemon = new DaemonProcess(environment: Pushing(receiver, "grpc"));
        Activity? call = null;
        using var caller = new ActivitySource($"caller {Guid.NewGuid()}");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == AtomikTelemetry.SourceName || source == caller,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using Activity mine = caller.StartActivity("deploy")!;
        listener.ActivityStopped = activity => call = activity.TraceId == mine.TraceId && activity.DisplayName.EndsWith("/Commit", StringComparison.Ordinal) ? activity : call;

        await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = daemon.Socket });
        await using (StagedFolder folder = await client.StageFolderAsync("site"))
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Path, "index.html"), "1");
            await folder.CommitAsync("a");
        }

        Span commit = RootOf(receiver, mine.TraceId.ToHexString());
        Assert.Equal(call!.SpanId.ToHexString(), OtlpReceiver.Id(commit.ParentSpanId));
        Assert.Equal(mine.SpanId, call.ParentSpanId);
    }

    [Fact]
    public async Task What_a_caller_does_not_sample_is_not_sent_and_none_and_unsaid_mean_nothing_is()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        Dictionary<string, string> variables = Pushing(receiver, "grpc");
        variables["OTEL_METRICS_EXPORTER"] = "none";
        await using var daemon = new DaemonProcess(environment: variables);
        (string dropped, string kept) = (NewId(16), NewId(16));

        using GrpcChannel channel = daemon.Channel();
        var client = new CommitService.CommitServiceClient(channel);
        foreach ((string name, string trace, string flags) in ((string, string, string)[])[("a", dropped, "00"), ("b", kept, "01")])
        {
            File.WriteAllText(Path.Combine(daemon.Staging, name), "1");
            await client.CommitAsync(new CommitRequest { Route = "site", Source = name }, new Metadata { { "traceparent", $"00-{trace}-{NewId(8)}-{flags}" } });
        }
        RootOf(receiver, kept);
        await daemon.StopAsync();

        Assert.Empty(Of(receiver, dropped));
        Assert.Empty(receiver.Metrics);
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "true")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "")]
    public async Task Nothing_is_sent_where_it_is_switched_off_or_nothing_is_said(string variable, string value)
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        Dictionary<string, string> variables = Pushing(receiver, "grpc");
        variables[variable] = value;
        await using var daemon = new DaemonProcess(environment: variables);

        daemon.Mark("a", s_limit);
        await daemon.StopAsync();

        Assert.Empty(receiver.Spans);
        Assert.Empty(receiver.Metrics);
        Assert.DoesNotContain("OTLP", daemon.Log);
    }

    [Fact]
    public async Task A_signal_can_have_an_endpoint_and_a_protocol_of_its_own()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using var daemon = new DaemonProcess(environment: new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = $"{receiver.HttpEndpoint}/v1/traces",
            ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "publisher",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=test",
        });

        daemon.Mark("a", s_limit);
        await daemon.StopAsync();

        Assert.Empty(receiver.Metrics);
        (ResourceSpans resource, _) = receiver.Spans.First(pair => pair.Span.Name == "commit");
        Assert.Equal("publisher", OtlpReceiver.Text(resource.Resource.Attributes, "service.name"));
        Assert.Equal("test", OtlpReceiver.Text(resource.Resource.Attributes, "deployment.environment.name"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_is_away_or_never_answers_harms_nothing_and_delays_no_stop(bool answersNever)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        int port = ((IPEndPoint)silent.LocalEndpoint).Port;
        if (!answersNever)
            silent.Stop();
        await using var daemon = new DaemonProcess(environment: new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}",
            // Long enough that a stop that waited for it would be cut off.
            ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "120000",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "100",
            ["OTEL_METRIC_EXPORT_TIMEOUT"] = "120000",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_BSP_EXPORT_TIMEOUT"] = "120000",
        });

        for (int i = 0; i < 200; i++)
            daemon.Mark($"a{i}", s_limit);
        if (!answersNever)
            Eventually.True(() => daemon.Log.Contains("do not reach the collector", StringComparison.Ordinal), "it is told", s_limit);
        Task<TimeSpan> stopping = daemon.StopAsync();
        Eventually.True(() => daemon.Log.Contains("] Stopped", StringComparison.Ordinal), "the engine stops", s_limit);
        var since = Stopwatch.StartNew();
        await stopping;

        // The SDK by itself gives each signal five seconds.
        Assert.True(since.Elapsed < TimeSpan.FromSeconds(8), $"the end took {since.Elapsed} after the engine had stopped");
        Assert.InRange(daemon.Log.Split('\n').Count(line => line.Contains("collector", StringComparison.Ordinal)), 0, 1);
        Assert.DoesNotContain("<3>", daemon.Log);
    }

    private static Dictionary<string, string> Pushing(OtlpReceiver receiver, string protocol) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? receiver.GrpcEndpoint : receiver.HttpEndpoint,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
    };

    private static string NewId(int bytes) => Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, bytes));

    private static IEnumerable<Span> Of(OtlpReceiver receiver, string trace) => receiver.Spans.Select(pair => pair.Span).Where(span => OtlpReceiver.Id(span.TraceId) == trace);

    private static Span RootOf(OtlpReceiver receiver, string trace) => Eventually.NotNull(
        () => Of(receiver, trace).FirstOrDefault(span => span.Kind != Span.Types.SpanKind.Internal), $"the trace {trace} comes", s_limit);

    private static IEnumerable<string> Steps(OtlpReceiver receiver, string trace, Span root) =>
        Of(receiver, trace).Where(span => span.ParentSpanId == root.SpanId).OrderBy(span => span.StartTimeUnixNano).Select(span => span.Name);
}
