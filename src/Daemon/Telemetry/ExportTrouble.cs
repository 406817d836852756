using System.Diagnostics;
using System.Diagnostics.Tracing;
using Microsoft.Extensions.Logging;

namespace AtomikD.Telemetry;

/// <summary>The exporters tell of their trouble by events alone: the first is logged, and then one now and again.</summary>
internal sealed class ExportTrouble(ILogger logger) : EventListener
{
    private const string Source = "OpenTelemetry-Exporter-OpenTelemetryProtocol";
    private const int PauseMinutes = 10;

    private long _toldAt;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source)
            EnableEvents(eventSource, EventLevel.Warning);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        long told = Volatile.Read(ref _toldAt);
        bool isTooSoon = told != 0 && Stopwatch.GetElapsedTime(told) < TimeSpan.FromMinutes(PauseMinutes);
        if (isTooSoon || Interlocked.CompareExchange(ref _toldAt, Stopwatch.GetTimestamp(), told) != told)
            return;
        Log.NotExported(logger, FirstLine(eventData), PauseMinutes);
    }

    /// <summary>What is thrown comes with its whole trace.</summary>
    private static string FirstLine(EventWrittenEventArgs told)
    {
        object?[] values = [.. told.Payload?.Select(value => (object?)(value?.ToString()?.Split('\n')[0].Trim())) ?? []];
        string text = told.Message is { } message ? string.Format(null, message, values) : told.EventName ?? "an unknown trouble.";
        return text.EndsWith('.') ? text : $"{text}.";
    }
}
