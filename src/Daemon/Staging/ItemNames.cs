using System.Text;
using AtomikD.Linux;

namespace AtomikD.Staging;

/// <summary>Which names an item may have, and what belongs to one in the staging folder.</summary>
internal static class ItemNames
{
    /// <summary>In bytes. Beside it, 13 characters of slot id and the ~ must fit into 255.</summary>
    public const int MaxLength = 240;

    public static ReadOnlySpan<byte> Ready => ".ready"u8;

    public static ReadOnlySpan<byte> Done => ".done"u8;

    public static ReadOnlySpan<byte> Failed => ".failed"u8;

    public static Name MarkerOf(Name item) => item.With(Ready);

    /// <summary>Not the name of an entry, but of the staging folder or the one above.</summary>
    public static bool IsFolderItself(Name name) => name.Length == 0 || name.Bytes.SequenceEqual("."u8) || name.Bytes.SequenceEqual(".."u8);

    /// <summary>What is wrong with the name, or null where it may be used.</summary>
    public static string? WhatIsWrong(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return "it is empty";
        if (name.Length > MaxLength)
            return $"it has {name.Length} bytes, at most {MaxLength} are possible";
        if (name[0] == (byte)'.')
            return "it starts with a dot";
        if (name.Contains((byte)'/'))
            return "it has a slash";
        if (!System.Text.Unicode.Utf8.IsValid(name))
            return "it is not valid UTF-8";
        foreach (Rune rune in Encoding.UTF8.GetString(name).EnumerateRunes())
            if (Rune.IsControl(rune))
                return "it has a control character";
        if (name.EndsWith(Ready) || name.EndsWith(Done) || name.EndsWith(Failed))
            return "it ends in .ready, .done or .failed, which belong to the protocol";
        return null;
    }
}
