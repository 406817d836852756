namespace AtomikD.Configuration;

/// <summary>One thing that is wrong with the configuration.</summary>
/// <param name="File">The file to open.</param>
/// <param name="Line">Counts from 1; 0 = the file as a whole.</param>
/// <param name="Key">Empty where it is not about one key.</param>
/// <param name="Message">What is wrong, and what to do.</param>
internal sealed record ConfigurationError(string File, int Line, string Key, string Message)
{
    /// <summary>Without its brackets; empty where it is not about one section.</summary>
    public string Section { get; init; } = "";

    public override string ToString()
    {
        string where = new Origin(File, Line).ToString();
        string section = Section.Length == 0 ? "" : $" [{Section}]";
        string key = Key.Length == 0 ? "" : $" {Key}";
        return $"{where}:{section}{key}{(section.Length + key.Length > 0 ? ":" : "")} {Message}";
    }
}
