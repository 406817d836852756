using OpenTelemetry.Exporter;

namespace AtomikD.Telemetry;

/// <summary>
/// Whether and where one signal is pushed, by OpenTelemetry's variables. What holds for both signals the SDK reads itself; what holds
/// for one alone it does not.
/// </summary>
internal sealed class OtlpSignal
{
    private const string Exporter = "OTEL_EXPORTER_OTLP";

    private readonly TelemetryVariables _variables;
    private readonly string _signal;

    private OtlpSignal(TelemetryVariables variables, string signal)
    {
        _variables = variables;
        _signal = signal;
        string[] exporters = [.. (variables.Get(ExporterVariable) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        Unknown = [.. exporters.Except(["otlp", "none"], StringComparer.Ordinal)];
        bool hasEndpoint = Own("ENDPOINT") is not null || variables.Get($"{Exporter}_ENDPOINT") is not null;
        IsOn = !variables.IsDisabled && (exporters.Length == 0 ? hasEndpoint : exporters.Contains("otlp"));
    }

    public string Name => _signal == "METRICS" ? "Metrics" : "Traces";

    /// <summary>Where exporters are named.</summary>
    public string ExporterVariable => $"OTEL_{_signal}_EXPORTER";

    /// <summary>It is pushed: the variables name an endpoint, or the exporter.</summary>
    public bool IsOn { get; }

    /// <summary>Exporters that are asked for and that there are not.</summary>
    public IReadOnlyList<string> Unknown { get; }

    public static OtlpSignal Metrics(TelemetryVariables variables) => new(variables, "METRICS");

    public static OtlpSignal Traces(TelemetryVariables variables) => new(variables, "TRACES");

    /// <summary>Over what the SDK has set by the variables for all signals.</summary>
    public void Configure(OtlpExporterOptions options)
    {
        if ((Own("PROTOCOL") ?? _variables.Get($"{Exporter}_PROTOCOL")) is { } protocol)
            options.Protocol = protocol == "http/protobuf" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        if (Own("HEADERS") is { } headers)
            options.Headers = headers;
        if (int.TryParse(Own("TIMEOUT"), out int milliseconds) && milliseconds > 0)
            options.TimeoutMilliseconds = milliseconds;
        if (Uri.TryCreate(Own("ENDPOINT"), UriKind.Absolute, out Uri? endpoint))
            options.Endpoint = endpoint;
    }

    private string? Own(string name) => _variables.Get($"{Exporter}_{_signal}_{name}");
}
