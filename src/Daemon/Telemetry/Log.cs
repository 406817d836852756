using Microsoft.Extensions.Logging;

namespace AtomikD.Telemetry;

internal static partial class Log
{
    [LoggerMessage(800, LogLevel.Warning, "Metrics or traces do not reach the collector: {Why} Commits are not affected; it is tried again, and told at most every {Minutes} minutes")]
    public static partial void NotExported(ILogger logger, string why, int minutes);

    [LoggerMessage(801, LogLevel.Warning, "{Variable} asks for {Exporter}, which there is not: it can be otlp or none, and /metrics is there in any case")]
    public static partial void UnknownExporter(ILogger logger, string variable, string exporter);

    [LoggerMessage(802, LogLevel.Information, "{Signals} are pushed by OTLP")]
    public static partial void Pushing(ILogger logger, string signals);
}
