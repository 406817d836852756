using System.Text;

namespace Grpc.Core.Wire;

/// <summary>The encoding of <c>grpc-message</c>: UTF-8, where all but printable ASCII, and the percent sign, is escaped.</summary>
internal static class PercentCoding
{
    public static string Encode(string text)
    {
        if (IsPlain(text))
            return text;

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var encoded = new StringBuilder(bytes.Length + 16);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[i];
            // Some stacks drop a header whose value begins or ends with a space.
            bool outerSpace = b == ' ' && (i == 0 || i == bytes.Length - 1);
            if (b is >= 0x20 and <= 0x7e and not (byte)'%' && !outerSpace)
                encoded.Append((char)b);
            else
                encoded.Append('%').Append(Digit(b >> 4)).Append(Digit(b & 15));
        }
        return encoded.ToString();
    }

    /// <summary>Takes whatever a peer sends: a broken escape stands for itself.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('%'))
            return text;

        var bytes = new List<byte>(text.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                bytes.Add((byte)((Value(text[i + 1]) << 4) | Value(text[i + 2])));
                i += 2;
            }
            else
            {
                Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int consumed);
                bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
                i += consumed - 1;
            }
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static bool IsPlain(string text)
    {
        if (text.Length == 0)
            return true;
        if (text[0] == ' ' || text[^1] == ' ')
            return false;
        foreach (char c in text)
        {
            if (c is < ' ' or > '~' or '%')
                return false;
        }
        return true;
    }

    private static char Digit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);

    private static int Value(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
