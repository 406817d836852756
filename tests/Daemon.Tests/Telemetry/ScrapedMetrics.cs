namespace AtomikD.Telemetry;

/// <summary>What a scrape said, read strictly: anything that the format does not allow is an error.</summary>
internal sealed class ScrapedMetrics
{
    private readonly Dictionary<string, Family> _families = new(StringComparer.Ordinal);

    internal sealed record Family(string Name, string Type, string Unit, string Help)
    {
        public List<Sample> Samples { get; } = [];
    }

    internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
    {
        public string Without(string label) => string.Join(',', Labels.Where(pair => pair.Key != label).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
    }

    public IReadOnlyDictionary<string, Family> Families => _families;

    public void Add(Family family)
    {
        if (!_families.TryAdd(family.Name, family))
            throw new FormatException($"{family.Name} is there twice");
    }

    /// <summary>The one sample with that name and at least these labels, NAME=VALUE.</summary>
    public double Value(string sample, params string[] labels)
    {
        Sample[] found = [.. Samples(sample, labels)];
        return found.Length == 1 ? found[0].Value : throw new InvalidOperationException($"{found.Length} samples {sample} {string.Join(' ', labels)}");
    }

    public IEnumerable<Sample> Samples(string sample, params string[] labels) => _families.Values.SelectMany(family => family.Samples)
        .Where(candidate => candidate.Name == sample && labels.All(label => candidate.Labels.TryGetValue(label.Split('=')[0], out string? value) && value == label[(label.IndexOf('=') + 1)..]));
}
