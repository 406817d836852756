using System.Formats.Tar;
using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Uploads;

/// <summary>
/// Receives a folder as a tar stream of what it holds. Only regular files, folders and links are taken, and only what stays
/// within; everything else is refused by name, never left out.
/// </summary>
internal sealed class TarReceiver(UploadStream input, UploadTree tree, string shown)
{
    private const long MostEntries = 1_000_000;
    private const int LongestLink = 4095;
    private const uint SetId = Stat.S_ISUID | Stat.S_ISGID;

    private readonly List<Name> _path = [];
    private readonly List<Name> _linkPath = [];
    private long _entries;

    public async Task<Refusal?> ReceiveAsync(CancellationToken stop)
    {
        try
        {
            Refusal? refusal = await ReadEntriesAsync(stop) ?? await ReadEndAsync(stop);
            // What ended the data comes first: it is why the archive seems damaged.
            return input.Refusal ?? refusal;
        }
        catch (Exception e) when (input.Failure is null && e is not OperationCanceledException)
        {
            return input.Refusal ?? WhatIsWrong(e);
        }
    }

    private Refusal WhatIsWrong(Exception e) => e switch
    {
        EndOfStreamException => CutShort(),
        NotSupportedException => UploadRefusals.Unsupported($"The archive of {shown} holds a sparse file, or one in parts.", "Archive it without --sparse, in one volume."),
        _ => UploadRefusals.Damaged($"The data of {shown} is no tar archive that can be read, after {_entries} entries: {e.Message}"),
    };

    private Refusal CutShort() => UploadRefusals.CutShort($"The archive of {shown} was cut short after {_entries} entries and {input.Received} bytes: its end is missing.");

    private async Task<Refusal?> ReadEntriesAsync(CancellationToken stop)
    {
        await using var reader = new TarReader(input, leaveOpen: true);
        while (await reader.GetNextEntryAsync(copyData: false, stop) is { } entry)
        {
            if (++_entries > MostEntries)
                return UploadRefusals.Unsupported($"The archive of {shown} has more than {MostEntries} entries.", "Upload less at a time, or an archive as a file.");
            if (await TakeAsync(entry, stop) is { } refusal)
                return refusal;
        }
        return null;
    }

    private async Task<Refusal?> TakeAsync(TarEntry entry, CancellationToken stop)
    {
        if (entry is PaxGlobalExtendedAttributesTarEntry global)
            return TakeGlobal(global);
        if (entry is PaxTarEntry pax && pax.ExtendedAttributes.Keys.Any(key => key.StartsWith("GNU.sparse.", StringComparison.Ordinal)))
            return Refuse(entry, "is a sparse file", "Archive it without --sparse.");
        if (EntryPath.Read(entry.Name, entry.EntryType == TarEntryType.Directory, _path) is { } wrong)
            return UploadRefusals.InvalidName($"{ShownOf(entry)} cannot be taken: {wrong}.");
        if (_path.Count == 0 && entry.EntryType != TarEntryType.Directory)
            return UploadRefusals.InvalidName($"{ShownOf(entry)} cannot be taken: it has the name of the folder itself.");
        var attributes = EntryAttributes.Of((uint)entry.Mode, entry.ModificationTime);
        return entry.EntryType switch
        {
            TarEntryType.Directory => tree.AddFolder(_path, attributes),
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => await TakeFileAsync(entry, attributes, stop),
            TarEntryType.SymbolicLink => TakeLink(entry, attributes),
            TarEntryType.HardLink => EntryPath.Read(entry.LinkName, isFolder: false, _linkPath) is not null || _linkPath.Count == 0
                ? Refuse(entry, "is a hard link to something outside of the archive", "Archive the file itself.")
                : tree.AddHardLink(_path, _linkPath),
            _ => Refuse(entry, $"is {KindOf(entry.EntryType)}", "Only regular files, folders, symbolic and hard links are taken; leave it out."),
        };
    }

    private async Task<Refusal?> TakeFileAsync(TarEntry entry, EntryAttributes attributes, CancellationToken stop)
    {
        if (((uint)entry.Mode & SetId) != 0)
            return Refuse(entry, "is a set-uid or set-gid file", "Take these bits off (chmod ug-s).");
        Refusal? refusal = tree.AddFile(_path, out Fd file);
        using Fd closing = file;
        if (refusal is not null)
            return refusal;
        if (entry.DataStream is { } data)
        {
            (long written, refusal) = await ContentWriter.CopyAsync(data, file, tree.PathOf(_path), stop);
            if (refusal is null && written < entry.Length)
                refusal = CutShort();
        }
        return refusal ?? tree.EndFile(_path, file, attributes);
    }

    private Refusal? TakeLink(TarEntry entry, EntryAttributes attributes)
    {
        string to = entry.LinkName;
        if (to.Contains('\uFFFD', StringComparison.Ordinal) || to.Contains('\0', StringComparison.Ordinal))
            return Refuse(entry, "is a symbolic link whose target is not valid UTF-8", "Leave it out.");
        var name = Name.Of(to);
        return name.Length is 0 or > LongestLink
            ? Refuse(entry, $"is a symbolic link to a path of {name.Length} bytes", "Leave it out.")
            : tree.AddLink(_path, name, attributes);
    }

    /// <summary>Mostly a comment. What would change the entries that follow is not looked for there.</summary>
    private Refusal? TakeGlobal(PaxGlobalExtendedAttributesTarEntry global) =>
        global.GlobalExtendedAttributes.Keys.FirstOrDefault(key => key is "path" or "linkpath" or "size" || key.StartsWith("GNU.", StringComparison.Ordinal)) is { } key
            ? UploadRefusals.Damaged($"The archive of {shown} sets {key} for all its entries.")
            : null;

    /// <summary>After two blocks of zeros there may be more of them, as tar fills its last record, and nothing else.</summary>
    private async Task<Refusal?> ReadEndAsync(CancellationToken stop)
    {
        const int Block = 512;
        if (!input.EndsWithZeroBlock)
            return UploadRefusals.Damaged($"The data of {shown} is no tar archive that can be read, after {_entries} entries.");
        var buffer = new byte[16 * Block];
        long zeros = 0;
        while (await input.ReadAsync(buffer, stop) is > 0 and var got)
        {
            if (buffer.AsSpan(0, got).ContainsAnyExcept((byte)0))
                return UploadRefusals.Damaged($"Something follows the end of the archive of {shown}.");
            zeros += got;
        }
        return zeros < Block ? CutShort() : null;
    }

    private Refusal Refuse(TarEntry entry, string what, string hint) => UploadRefusals.Unsupported($"{ShownOf(entry)} {what}.", hint);

    private string ShownOf(TarEntry entry) => $"\"{Name.Escape(Name.Of(entry.Name).Bytes)}\" in the archive of {shown}";

    private static string KindOf(TarEntryType type) => type switch
    {
        TarEntryType.BlockDevice or TarEntryType.CharacterDevice => "a device node",
        TarEntryType.Fifo => "a FIFO",
        TarEntryType.MultiVolume => "a part of a file",
        TarEntryType.SparseFile => "a sparse file",
        _ => $"of a kind that is not taken ('{(char)type}')",
    };
}
