using System.Text;

namespace AtomikD.Linux;

/// <summary>A file name or path as the kernel has it: bytes ended by NUL. Not every name on Linux is text.</summary>
internal sealed class Name : IEquatable<Name>
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _bytesAndNul;

    private Name(byte[] bytesAndNul) => _bytesAndNul = bytesAndNul;

    public static Name Empty { get; } = new([0]);

    /// <summary>The bytes without the NUL.</summary>
    public ReadOnlySpan<byte> Bytes => _bytesAndNul.AsSpan(0, _bytesAndNul.Length - 1);

    public int Length => _bytesAndNul.Length - 1;

    public static Name Of(ReadOnlySpan<byte> bytes)
    {
        var copy = new byte[bytes.Length + 1];
        bytes.CopyTo(copy);
        return new Name(copy);
    }

    public static Name Of(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return new Name(bytes);
    }

    public static Name Of(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        var both = new byte[head.Length + tail.Length + 1];
        head.CopyTo(both);
        tail.CopyTo(both.AsSpan(head.Length));
        return new Name(both);
    }

    public Name With(ReadOnlySpan<byte> suffix) => Of(Bytes, suffix);

    public bool EndsWith(ReadOnlySpan<byte> suffix) => Bytes.EndsWith(suffix);

    /// <summary>The name less its last <paramref name="count"/> bytes.</summary>
    public Name Without(int count) => Of(Bytes[..^count]);

    /// <summary>The name as text, or null where it is not valid UTF-8.</summary>
    public string? Text
    {
        get
        {
            try
            {
                return s_strict.GetString(Bytes);
            }
            catch (DecoderFallbackException)
            {
                return null;
            }
        }
    }

    /// <summary>For logs and receipts: control characters and bytes that are not UTF-8 are escaped.</summary>
    public override string ToString() => Escape(Bytes);

    public static string Escape(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            return Encoding.ASCII.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) != System.Buffers.OperationStatus.Done)
                foreach (byte b in bytes[..used])
                    text.Append($"\\x{b:x2}");
            else if (Rune.IsControl(rune))
                text.Append($"\\x{rune.Value:x2}");
            else
                text.Append(rune.ToString());
            bytes = bytes[used..];
        }
        return text.ToString();
    }

    public bool Equals(Name? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as Name);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>For <c>fixed</c>: the bytes, ended by NUL.</summary>
    public ref readonly byte GetPinnableReference() => ref _bytesAndNul[0];
}
