namespace AtomikD.Client;

/// <summary>Which part of the history.</summary>
public sealed record HistoryQuery
{
    /// <summary>Null, the default: all routes that the caller may use.</summary>
    public string? Route { get; init; }

    /// <summary>Name in the target folder. Null, the default: all.</summary>
    public string? Name { get; init; }

    /// <summary>Default: <see cref="HistoryFilter.All"/>.</summary>
    public HistoryFilter Filter { get; init; }

    /// <summary>Only what happened at this time or later. Null, the default: all that is kept (<c>HistoryKeepFor</c>).</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>Which entries of the history.</summary>
public enum HistoryFilter
{
    /// <summary>Successes and failures.</summary>
    All = 0,

    /// <summary>Successes only.</summary>
    Successes,

    /// <summary>Failures only.</summary>
    Failures,
}
