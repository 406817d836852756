namespace AtomikD.Configuration;

/// <summary>A key as it counts, and who said so.</summary>
internal sealed record EffectiveValue(string Section, string Key, string Value, Origin Origin);

/// <summary>What came of reading the configuration.</summary>
/// <param name="Settings">Null as soon as there is one error.</param>
/// <param name="Errors">All of them, in the order of files and lines.</param>
/// <param name="Values">Every key of every section, defaults included, in the documented order.</param>
/// <param name="Files">What was read, in order.</param>
internal sealed record LoadResult(
    Settings? Settings,
    IReadOnlyList<ConfigurationError> Errors,
    IReadOnlyList<EffectiveValue> Values,
    IReadOnlyList<string> Files)
{
    /// <summary>Where a key was written, or <see cref="Origin.Default"/>.</summary>
    public Origin OriginOf(string section, string key) =>
        Values.FirstOrDefault(v => v.Section == section && v.Key == key)?.Origin ?? Origin.Default;
}
