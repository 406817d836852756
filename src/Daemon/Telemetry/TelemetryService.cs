using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace AtomikD.Telemetry;

/// <summary>
/// Says at the start what is pushed, and what was asked for in vain; sends what is left when the engine has stopped, and gives up soon
/// where nobody takes it: a collector that is away must not delay the stop.
/// </summary>
internal sealed class TelemetryService(IServiceProvider services, OtlpSignal[] signals, ILogger<TelemetryService> logger) : IHostedService, IDisposable
{
    private const int PatienceMilliseconds = 1000;

    private ExportTrouble? _trouble;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (OtlpSignal signal in signals.Where(signal => signal.Unknown.Count > 0))
            Log.UnknownExporter(logger, signal.ExporterVariable, string.Join(", ", signal.Unknown));
        SelfDiagnostics.TryStopLooking();
        if (Array.Exists(signals, signal => signal.IsOn))
        {
            _trouble = new ExportTrouble(logger);
            Log.Pushing(logger, string.Join(" and ", signals.Where(signal => signal.IsOn).Select(signal => signal.Name)));
        }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAny(
        Task.WhenAll(
            Task.Factory.StartNew(() => services.GetService<TracerProvider>()?.Shutdown(PatienceMilliseconds), TaskCreationOptions.LongRunning),
            Task.Factory.StartNew(() => services.GetService<MeterProvider>()?.Shutdown(PatienceMilliseconds), TaskCreationOptions.LongRunning)),
        Task.Delay(PatienceMilliseconds * 3 / 2, CancellationToken.None));

    public void Dispose() => _trouble?.Dispose();
}
