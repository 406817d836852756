using System.Text;
using AtomikD.Client;

namespace AtomikD.Ctl.Uploads;

/// <summary>
/// The first block of what comes as a tar stream. `tar c build` holds the folder, not what is in it, and would be published as
/// build/build; a producer that failed sends nothing at all.
/// </summary>
internal static class TarStart
{
    public const int Length = 512;

    private const int NameLength = 100;
    private const int TypeOffset = 156;
    private const byte FolderType = (byte)'5';

    public static void Check(ReadOnlySpan<byte> block)
    {
        if (block.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) || block.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) || block.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z']))
            throw Refused("The tar stream is compressed.", "Send it as it is: tar c, without z, J or --zstd.");
        if (block.Length < Length)
            throw Refused(block.IsEmpty ? "Nothing came over the standard input." : "What came over the standard input is no tar stream.", "tar c -C FOLDER . | atomikctl upload ROUTE - --name NAME --tar");
        if (block[TypeOffset] != FolderType)
            return;
        ReadOnlySpan<byte> field = block[..NameLength];
        int end = field.IndexOf((byte)0);
        string name = Encoding.UTF8.GetString(end < 0 ? field : field[..end]).TrimEnd('/');
        if (name is not ("" or ".") && !name.Contains('/', StringComparison.Ordinal))
            throw Refused($"The tar stream begins with the folder {name}, so it holds the folder and not what is in it.", $"Send what is in it: tar c -C {name} .");
    }

    private static AtomikException Refused(string message, string hint) => new(AtomikReason.ItemUnsupported, message) { Hint = hint };
}
