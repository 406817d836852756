using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AtomikD.Trees;

/// <summary>A SHA-256, as a value that costs no object.</summary>
internal readonly record struct UInt256(UInt128 High, UInt128 Low)
{
    public static UInt256 Of(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    public static UInt256 Of(IncrementalHash hash)
    {
        Span<byte> bytes = stackalloc byte[32];
        hash.GetHashAndReset(bytes);
        return Of(bytes);
    }

    public bool Is(string hexadecimal) => string.Equals(ToString(), hexadecimal, StringComparison.OrdinalIgnoreCase);

    public override string ToString() => $"{High:x32}{Low:x32}";
}
