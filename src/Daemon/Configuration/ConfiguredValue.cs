using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using AtomikD.Linux;

namespace AtomikD.Configuration;

/// <summary>A value that cannot be taken as it is; the message says what to write instead.</summary>
internal sealed class ValueException(string message) : Exception(message);

/// <summary>The text of one key, to be read as what the key wants. Every reader throws <see cref="ValueException"/>.</summary>
/// <param name="Text">Without the white space around it.</param>
/// <param name="ResolveNames">False: users and groups need not exist on this machine.</param>
internal sealed record ConfiguredValue(string Text, bool ResolveNames = true)
{
    private static readonly SearchValues<char> s_endsUnit = SearchValues.Create("0123456789 \t");
    private static readonly SearchValues<char> s_inNoName = SearchValues.Create(" \t,:/@");

    private const int MaxPath = 4095;
    private const int MaxComponent = 255;

    public bool IsEmpty => Text.Length == 0;

    private string Shown => $"\"{Text}\"";

    public T Choice<T>(params ReadOnlySpan<(string Word, T Value)> choices)
    {
        var words = new List<string>();
        foreach ((string word, T value) in choices)
        {
            if (Text == word)
                return value;
            words.Add(word);
        }
        throw Wrong("is not one of the words it takes", $"Write {string.Join(", ", words[..^1])} or {words[^1]}");
    }

    public bool Boolean() => Text switch
    {
        "yes" or "true" or "on" or "1" => true,
        "no" or "false" or "off" or "0" => false,
        _ => throw Wrong("is neither yes nor no", "Write yes or no"),
    };

    public int Number(int min, int max) =>
        int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max
            ? number
            : throw Wrong($"is not a whole number from {min} to {max}", "Write such a number");

    /// <summary><c>500ms</c>, <c>10min</c>, <c>1h 30min</c>: a sum of numbers, each with its unit. A bare 0 needs none.</summary>
    public TimeSpan Time(TimeSpan min, TimeSpan max)
    {
        long total = 0;
        ReadOnlySpan<char> rest = Text;
        while (!rest.IsEmpty && Text != "0")
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || digits > 12)
                throw Wrong("is not a time", "Write numbers with their units, such as 500ms, 30s, 10min, 2h, 1d, 4w or 1h 30min");
            long number = long.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..].TrimStart();
            int letters = rest.IndexOfAny(s_endsUnit);
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            long ticks = unit switch
            {
                "ms" => TimeSpan.TicksPerMillisecond,
                "s" => TimeSpan.TicksPerSecond,
                "min" => TimeSpan.TicksPerMinute,
                "h" => TimeSpan.TicksPerHour,
                "d" => TimeSpan.TicksPerDay,
                "w" => 7 * TimeSpan.TicksPerDay,
                _ => throw Wrong($"has a unit that is not known, \"{unit}\"", "Use ms, s, min, h, d or w"),
            };
            Int128 sum = total + (Int128)number * ticks;
            total = sum > max.Ticks ? throw OutOfRange(min, max) : (long)sum;
            rest = rest[unit.Length..].TrimStart();
        }
        return Text.Length > 0 && total >= min.Ticks ? TimeSpan.FromTicks(total) : throw OutOfRange(min, max);
    }

    private ValueException OutOfRange(TimeSpan min, TimeSpan max) =>
        Wrong("is out of range", $"Write a time from {Times.Format(min)} to {Times.Format(max)}");

    /// <summary>Bytes: <c>64K</c>, <c>10M</c>, <c>2G</c>, <c>1T</c> in powers of 1024, or a bare number.</summary>
    public long Size()
    {
        int shift = Text.Length == 0 ? 0 : Text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        ReadOnlySpan<char> digits = shift == 0 ? Text : Text.AsSpan(0, Text.Length - 1);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            throw Wrong("is not a size", "Write a number of bytes, or one with K, M, G or T (powers of 1024), such as 64K or 2G");
        return number <= long.MaxValue >> shift ? number << shift : throw Wrong("is too large", "Write a smaller size");
    }

    /// <summary>Octal permission bits, of which only those of <paramref name="allowed"/> may be set.</summary>
    public uint Mode(uint allowed)
    {
        uint mode = 0;
        bool octal = Text.Length is > 0 and <= 5;
        foreach (char c in Text)
        {
            octal &= c is >= '0' and <= '7';
            mode = (mode << 3) | (uint)(c & 7);
        }
        if (!octal)
            throw Wrong("is not an octal mode", "Write one such as 0644 or 0750");
        return (mode & ~allowed) == 0 ? mode : throw Wrong("sets bits that are not allowed here", $"Use only those of 0{Convert.ToString(allowed, 8)}");
    }

    /// <summary>An absolute path, without slashes at its end or doubled ones.</summary>
    public string Path()
    {
        if (!Text.StartsWith('/'))
            throw Wrong("is not an absolute path", Text.StartsWith('"') || Text.StartsWith('\'') ? "Write it without quotes, from / on" : "Write it from / on");
        if (HasComment)
            throw Wrong("seems to hold a comment", "Put the comment on a line of its own");
        string[] parts = Text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Any(p => p is "." or ".."))
            throw Wrong("has a component . or ..", "Write the path without it");
        if (parts.Any(p => Encoding.UTF8.GetByteCount(p) > MaxComponent) || Encoding.UTF8.GetByteCount(Text) > MaxPath)
            throw Wrong("is longer than a path can be", $"Use names of at most {MaxComponent} bytes and a path of at most {MaxPath}");
        return "/" + string.Join('/', parts);
    }

    /// <summary>A numeric address and a port.</summary>
    public string Endpoint() =>
        IPEndPoint.TryParse(Text, out IPEndPoint? endpoint) && endpoint.Port != 0
            ? endpoint.ToString()
            : throw Wrong("is not an address and a port", "Write one such as 127.0.0.1:9847 or [::1]:9847, or leave it empty for none");

    public uint User() => Account(Text, "user", name => Pwd.ByName(name)?.Uid);

    public uint Group() => Account(Text, "group", name => Grp.ByName(name)?.Gid);

    /// <summary>Users by name or number and @groups, with white space between them.</summary>
    public AllowedUsers Users()
    {
        var users = new HashSet<uint>();
        var groups = new HashSet<uint>();
        var problems = new List<string>();
        foreach (string word in Text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                if (word.StartsWith('@'))
                    groups.Add(Account(word[1..], "group", name => Grp.ByName(name)?.Gid));
                else
                    users.Add(Account(word, "user", name => Pwd.ByName(name)?.Uid));
            }
            catch (ValueException e)
            {
                problems.Add(e.Message);
            }
        }
        if (problems.Count > 0)
            throw new ValueException(string.Join(' ', problems));
        HashSet<uint> members = ResolveNames ? [.. groups.SelectMany(Accounts.MembersOf)] : [];
        return new AllowedUsers(users, groups, members);
    }

    private uint Account(string word, string kind, Func<string, uint?> find)
    {
        // The highest number means "unchanged" to chown.
        if (uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < uint.MaxValue)
            return number;
        if (word.Length == 0 || word.AsSpan().ContainsAny(s_inNoName))
            throw new ValueException($"\"{word}\" is no name or number of a {kind}. Write the name or the number{(word.Contains(',', StringComparison.Ordinal) ? ", with spaces between several" : "")}.");
        if (char.IsAsciiDigit(word[0]) && word.All(char.IsAsciiDigit))
            throw new ValueException($"\"{word}\" is too large for the number of a {kind}. Write a smaller one.");
        if (!ResolveNames)
            return 0;
        return find(word) ?? throw new ValueException($"There is no {kind} \"{word}\" on this machine. Create it, or write another name or a number.");
    }

    private bool HasComment => Text.Contains(" #", StringComparison.Ordinal) || Text.Contains(" ;", StringComparison.Ordinal) ||
        Text.Contains("\t#", StringComparison.Ordinal) || Text.Contains("\t;", StringComparison.Ordinal);

    private ValueException Wrong(string what, string advice) =>
        new($"{(IsEmpty ? "An empty value" : Shown)} {what}. {advice}{(HasComment ? ", and put comments on lines of their own" : "")}.");
}
