using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace AtomikD.Interop.Telemetry;

/// <summary>A collector for OTLP over gRPC (our own server) and over HTTP, that keeps what it is sent.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(ResourceSpans Resource, Span Span)> _spans = [];
    private readonly List<(ResourceMetrics Resource, Metric Metric)> _metrics = [];
    private readonly WebApplication _app;

    private OtlpReceiver()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddSingleton(this);
        builder.Services.AddSingleton<Traces>();
        builder.Services.AddSingleton<Meters>();
        builder.Services.AddGrpc();
        _app = builder.Build();
        _app.MapGrpcService<Traces>();
        _app.MapGrpcService<Meters>();
        _app.MapPost("/v1/traces", context => ReadAsync(context, ExportTraceServiceRequest.Parser, Keep));
        _app.MapPost("/v1/metrics", context => ReadAsync(context, ExportMetricsServiceRequest.Parser, Keep));
    }

    public string GrpcEndpoint => Addresses.First();

    public string HttpEndpoint => Addresses.Last();

    private ICollection<string> Addresses => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    public IReadOnlyList<(ResourceSpans Resource, Span Span)> Spans
    {
        get
        {
            lock (_lock)
                return [.. _spans];
        }
    }

    public IReadOnlyList<(ResourceMetrics Resource, Metric Metric)> Metrics
    {
        get
        {
            lock (_lock)
                return [.. _metrics];
        }
    }

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public static string? Text(IEnumerable<KeyValue> attributes, string key) => attributes.FirstOrDefault(attribute => attribute.Key == key)?.Value.StringValue;

    public static string Id(ByteString id) => Convert.ToHexStringLower(id.Span);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task ReadAsync<T>(HttpContext context, MessageParser<T> parser, Action<T> keep)
        where T : IMessage<T>
    {
        if (context.Request.ContentType != "application/x-protobuf")
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        keep(parser.ParseFrom(body.ToArray()));
        context.Response.ContentType = "application/x-protobuf";
    }

    private void Keep(ExportTraceServiceRequest request)
    {
        lock (_lock)
            _spans.AddRange(request.ResourceSpans.SelectMany(resource => resource.ScopeSpans.SelectMany(scope => scope.Spans).Select(span => (resource, span))));
    }

    private void Keep(ExportMetricsServiceRequest request)
    {
        lock (_lock)
            _metrics.AddRange(request.ResourceMetrics.SelectMany(resource => resource.ScopeMetrics.SelectMany(scope => scope.Metrics).Select(metric => (resource, metric))));
    }

    private sealed class Traces(OtlpReceiver receiver) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            receiver.Keep(request);
            return Task.FromResult(new ExportTraceServiceResponse());
        }
    }

    private sealed class Meters(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            receiver.Keep(request);
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }
}
