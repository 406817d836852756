using System.Buffers;
using System.Globalization;
using System.Text;

namespace AtomikD.Telemetry.Exposition;

/// <summary>UTF-8 text that grows, with the numbers and escapes of the formats.</summary>
internal sealed class TextBuffer
{
    private readonly ArrayBufferWriter<byte> _bytes = new(16 * 1024);

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public TextBuffer Add(ReadOnlySpan<char> text)
    {
        Encoding.UTF8.GetBytes(text, _bytes);
        return this;
    }

    public TextBuffer Add(ReadOnlySpan<byte> utf8)
    {
        _bytes.Write(utf8);
        return this;
    }

    public TextBuffer Add(long value)
    {
        value.TryFormat(_bytes.GetSpan(24), out int length, default, CultureInfo.InvariantCulture);
        _bytes.Advance(length);
        return this;
    }

    /// <summary>The shortest text that reads as the same number.</summary>
    public TextBuffer Add(double value)
    {
        if (double.IsNaN(value))
            return Add("NaN"u8);
        if (double.IsInfinity(value))
            return Add(value > 0 ? "+Inf"u8 : "-Inf"u8);
        value.TryFormat(_bytes.GetSpan(32), out int length, default, CultureInfo.InvariantCulture);
        _bytes.Advance(length);
        return this;
    }

    /// <summary>As a label: OpenMetrics wants whole numbers with a fraction, and in both formats it has to be the same label.</summary>
    public TextBuffer AddBound(double bound)
    {
        int before = _bytes.WrittenCount;
        Add(bound);
        bool isWhole = _bytes.WrittenSpan[before..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
        return isWhole ? Add(".0"u8) : this;
    }

    /// <summary>With backslash, line feed and, where it is asked for, the quote escaped.</summary>
    public TextBuffer AddEscaped(ReadOnlySpan<char> text, bool quotes)
    {
        while (true)
        {
            int next = quotes ? text.IndexOfAny('\\', '\n', '"') : text.IndexOfAny('\\', '\n');
            if (next < 0)
                return Add(text);
            Add(text[..next]).Add(text[next] switch
            {
                '\\' => @"\\",
                '\n' => @"\n",
                _ => "\\\"",
            });
            text = text[(next + 1)..];
        }
    }
}
