namespace AtomikD.Routes;

internal enum Severity
{
    /// <summary>Found to be right, or good to know.</summary>
    Info,

    /// <summary>It works, but not as one may expect.</summary>
    Warning,

    /// <summary>It cannot work like this.</summary>
    Error,
}

/// <summary>One thing that a probe found.</summary>
/// <param name="Message">What was found, and where.</param>
/// <param name="Hint">What to do; empty where nothing is to be done.</param>
internal sealed record Finding(Severity Severity, string Message, string Hint = "")
{
    /// <summary>The folders may be right, but under systemd the unit keeps the service from them.</summary>
    public bool IsOfUnit { get; init; }
}

/// <summary>What a probe found out about a route, by doing what commits will do.</summary>
internal sealed record ProbeReport
{
    /// <summary>In the order of the checks.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    public bool Healthy => Findings.All(f => f.Severity != Severity.Error);

    /// <summary>Items cannot be renamed out of staging and are copied: CrossDevice = copy.</summary>
    public bool CrossDevice { get; init; }

    /// <summary>What is synced on the target's file system survives a power cut.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>The kernel does not tell of changes that other machines make in staging.</summary>
    public bool NeedsPolling { get; init; }

    /// <summary>The target takes two names that differ in case, or in how accents are written, for one.</summary>
    public bool FoldsCase { get; init; }
}
