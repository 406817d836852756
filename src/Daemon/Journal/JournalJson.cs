using System.Text.Json;
using System.Text.Json.Serialization;
using AtomikD.Commits;

namespace AtomikD.Journal;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(CommitOptions))]
internal sealed partial class JournalJsonContext : JsonSerializerContext;

/// <summary>What the journal keeps as JSON text.</summary>
internal static class JournalJson
{
    public static string? OfLabels(IReadOnlyDictionary<string, string>? labels) =>
        labels is null ? null : JsonSerializer.Serialize(labels, JournalJsonContext.Default.IReadOnlyDictionaryStringString);

    public static IReadOnlyDictionary<string, string>? LabelsOf(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, JournalJsonContext.Default.IReadOnlyDictionaryStringString);

    /// <summary>Null where nothing was said, which is the usual case.</summary>
    public static string? OfOptions(CommitOptions options) =>
        ReferenceEquals(options, CommitOptions.None) || options.Equals(CommitOptions.None)
            ? null
            : JsonSerializer.Serialize(options, JournalJsonContext.Default.CommitOptions);

    public static CommitOptions OptionsOf(string? json) =>
        json is null ? CommitOptions.None : JsonSerializer.Deserialize(json, JournalJsonContext.Default.CommitOptions) ?? CommitOptions.None;
}
