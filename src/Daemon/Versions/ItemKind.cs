using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>What a version is. The values are kept in the journal.</summary>
internal enum ItemKind
{
    File = 1,
    Folder = 2,

    /// <summary>A link, socket, FIFO or device that a stranger had put at the destination.</summary>
    Other = 3,
}

internal static class ItemKinds
{
    public static ItemKind KindOf(this in FileStatus status) =>
        status.IsFile ? ItemKind.File : status.IsFolder ? ItemKind.Folder : ItemKind.Other;

    /// <summary>The word in receipts: file, folder, other.</summary>
    public static string Word(this ItemKind kind) => kind switch
    {
        ItemKind.File => "file",
        ItemKind.Folder => "folder",
        _ => "other",
    };
}
