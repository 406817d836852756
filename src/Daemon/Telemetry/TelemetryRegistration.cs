using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Telemetry.Exposition;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AtomikD.Telemetry;

/// <summary>Puts the pieces together: what is emitted, and who reads it. What nobody reads is not set up.</summary>
internal static class TelemetryRegistration
{
    /// <summary>The runtime's own meter.</summary>
    private const string RuntimeMeter = "System.Runtime";

    public static void AddTelemetry(this WebApplicationBuilder builder, DaemonSettings settings, TelemetryVariables variables)
    {
        bool isScraped = settings.Admin.Length > 0 && !variables.IsDisabled;
        OtlpSignal metrics = OtlpSignal.Metrics(variables);
        OtlpSignal traces = OtlpSignal.Traces(variables);
        builder.Services.AddSingleton<EngineMetrics>();
        builder.Services.AddSingleton(services => new MetricsEndpoint(isScraped ? services.GetRequiredService<ScrapeExporter>() : null));
        // Started before the engine, so stopped after it.
        builder.Services.AddSingleton<OtlpSignal[]>([metrics, traces]);
        builder.Services.AddHostedService<TelemetryService>();
        if (!isScraped && !metrics.IsOn && !traces.IsOn)
            return;
        // Where the SDK looks for its variables.
        builder.Configuration.AddInMemoryCollection(variables.Values);
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(Describe);
        if (isScraped || metrics.IsOn)
            telemetry.WithMetrics(meters => AddMetrics(meters, isScraped, metrics));
        if (traces.IsOn)
            telemetry.WithTracing(tracing => tracing.AddSource(EngineMetrics.SourceName).AddOtlpExporter(traces.Configure));
    }

    private static void AddMetrics(MeterProviderBuilder meters, bool isScraped, OtlpSignal pushed)
    {
        meters.AddMeter(EngineMetrics.SourceName, RuntimeMeter);
        meters.ConfigureServices(services => services.AddSingleton(provider => new ScrapeExporter(provider.GetRequiredService<EngineMetrics>().Journal)));
        if (isScraped)
            meters.AddReader(services => new BaseExportingMetricReader(services.GetRequiredService<ScrapeExporter>()));
        if (pushed.IsOn)
            meters.AddOtlpExporter(pushed.Configure);
        ((IDeferredMeterProviderBuilder)meters).Configure((services, deferred) =>
        {
            EngineMetrics own = services.GetRequiredService<EngineMetrics>();
            int routes = services.GetRequiredService<ServiceSettings>().Initial.Routes.Count;
            deferred.AddView(instrument => own.IsAnothers(instrument) ? MetricStreamConfiguration.Drop
                : new MetricStreamConfiguration { CardinalityLimit = EngineMetrics.MostSeries(instrument, routes) });
        });
    }

    /// <summary>What the variables say of the service goes before what it says itself.</summary>
    private static void Describe(ResourceBuilder resource) => resource.Clear()
        .AddService("atomikd", serviceVersion: ProductVersion.Text)
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();
}
