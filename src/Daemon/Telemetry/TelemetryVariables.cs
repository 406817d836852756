using System.Collections;

namespace AtomikD.Telemetry;

/// <summary>
/// The variables of the environment that OpenTelemetry defines (OTEL_…): all that is asked of the environment, because they are
/// the same for every service of a host.
/// </summary>
internal sealed class TelemetryVariables(IReadOnlyDictionary<string, string?> values)
{
    private const string Prefix = "OTEL_";

    public static TelemetryVariables None { get; } = new(new Dictionary<string, string?>());

    public IReadOnlyDictionary<string, string?> Values { get; } = values;

    /// <summary>Nothing is counted, traced or sent.</summary>
    public bool IsDisabled => string.Equals(Get("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);

    public static TelemetryVariables OfProcess() => new(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(entry => ((string)entry.Key).StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value));

    /// <summary>Null where it is not set, or empty: that means the same, by the specification.</summary>
    public string? Get(string name) => Values.TryGetValue(name, out string? value) && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
