namespace AtomikD.Versions;

/// <summary>
/// The number of a commit's own place in the vault, never issued twice. As text, 13 characters of Crockford's base32:
/// beside a name of 240 bytes and the <c>~</c> no more fit into one file name.
/// </summary>
internal readonly record struct SlotId(long Value)
{
    public const int TextLength = 13;

    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";

    public override string ToString() => string.Create(TextLength, Value, static (text, value) =>
    {
        for (int i = TextLength - 1; i >= 0; i--, value >>>= 5)
            text[i] = Digits[(int)(value & 31)];
    });

    public static bool TryParse(ReadOnlySpan<char> text, out SlotId id)
    {
        long value = 0;
        id = default;
        if (text.Length != TextLength)
            return false;
        foreach (char c in text)
        {
            int digit = Digits.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                return false;
            value = (value << 5) | (uint)digit;
        }
        id = new SlotId(value);
        return true;
    }
}
