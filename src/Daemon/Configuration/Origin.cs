namespace AtomikD.Configuration;

/// <summary>Where a key or a section was written. Lines count from 1.</summary>
internal readonly record struct Origin(string File, int Line)
{
    /// <summary>Nobody wrote it.</summary>
    public static Origin Default { get; } = new("", 0);

    public bool IsDefault => string.IsNullOrEmpty(File);

    public override string ToString() => IsDefault ? "default" : Line == 0 ? File : $"{File}:{Line}";
}
