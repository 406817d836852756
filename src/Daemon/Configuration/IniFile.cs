using System.Text;

namespace AtomikD.Configuration;

/// <summary>A section header as written.</summary>
internal sealed record IniSection(string Name, Origin Origin);

/// <summary>A <c>Key = value</c> line.</summary>
internal sealed record IniEntry(string Section, string Key, string Value, Origin Origin);

/// <summary>
/// One file in the manner of systemd's: sections in brackets, <c>Key = value</c>, comments (# or ;) on lines of their own.
/// A value is the rest of its line, less the white space around it: there are no quotes, escapes or continued lines.
/// A section may be opened again; a key may not be repeated.
/// </summary>
internal sealed class IniFile
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly List<IniSection> _sections = [];
    private readonly List<IniEntry> _entries = [];
    private readonly List<ConfigurationError> _errors = [];
    private readonly Dictionary<(string Section, string Key), int> _seen = [];
    private string? _section;

    private IniFile(string file) => _file = file;

    public IReadOnlyList<IniSection> Sections => _sections;

    public IReadOnlyList<IniEntry> Entries => _entries;

    public IReadOnlyList<ConfigurationError> Errors => _errors;

    /// <param name="file">As it is to be named in errors.</param>
    /// <param name="bytes">Its contents.</param>
    public static IniFile Parse(string file, ReadOnlySpan<byte> bytes)
    {
        var ini = new IniFile(file);
        if (bytes.StartsWith("\uFEFF"u8))
        {
            ini.Fail(1, "", "The file starts with a byte order mark. Save it as UTF-8 without one.");
            bytes = bytes["\uFEFF"u8.Length..];
        }
        for (int number = 1; !bytes.IsEmpty; number++)
        {
            int end = bytes.IndexOf((byte)'\n');
            ini.ParseLine(end < 0 ? bytes : bytes[..end], number);
            bytes = end < 0 ? default : bytes[(end + 1)..];
        }
        return ini;
    }

    private void Fail(int line, string key, string message) =>
        _errors.Add(new ConfigurationError(_file, line, key, message) { Section = _section ?? "" });

    private void ParseLine(ReadOnlySpan<byte> bytes, int number)
    {
        string line;
        try
        {
            line = s_strict.GetString(bytes).Trim();
        }
        catch (DecoderFallbackException)
        {
            Fail(number, "", "The line is not valid UTF-8. Save the file as UTF-8.");
            return;
        }
        if (line.Length == 0 || line[0] is '#' or ';')
            return;
        if (line.AsSpan().IndexOfAnyInRange('\0', '\x1f') is >= 0 and var control && line[control] != '\t')
            Fail(number, "", $"The line holds the control character 0x{(int)line[control]:x2}. Remove it.");
        else if (line[0] == '[')
            ParseSection(line, number);
        else
            ParseEntry(line, number);
    }

    private void ParseSection(string line, int number)
    {
        if (line.Length < 3 || line[^1] != ']' || line.AsSpan(1, line.Length - 2).ContainsAny('[', ']'))
        {
            // What follows belongs to a section that cannot be named; complaining of each of its keys would help nobody.
            _section = "";
            Fail(number, "", "This is no section. Write [Daemon] or [Routes:NAME], with nothing after the bracket.");
            return;
        }
        _section = line[1..^1];
        _sections.Add(new IniSection(_section, new Origin(_file, number)));
    }

    private void ParseEntry(string line, int number)
    {
        int equals = line.IndexOf('=', StringComparison.Ordinal);
        string key = equals < 0 ? "" : line[..equals].TrimEnd();
        if (key.Length == 0 || key.AsSpan().ContainsAny(' ', '\t'))
        {
            Fail(number, "", "This line is no \"Key = value\", section or comment. Comments start with # on a line of their own, and lines are not continued.");
            return;
        }
        if (_section is null)
        {
            Fail(number, key, "The key stands before the first section. Put it below [Daemon] or [Routes:NAME].");
            return;
        }
        if (_section.Length == 0)
            return;
        string value = line[(equals + 1)..].TrimStart();
        if (value.EndsWith('\\'))
        {
            Fail(number, key, "The value ends in a backslash, and lines are not continued. Write the whole value on one line.");
            return;
        }
        if (!_seen.TryAdd((_section, key), number))
        {
            Fail(number, key, $"The key was already given in line {_seen[(_section, key)]}. Keep one of the two.");
            return;
        }
        _entries.Add(new IniEntry(_section, key, value, new Origin(_file, number)));
    }
}
