using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;

namespace AtomikD.Staging;

/// <summary>What stands where it must not is moved to lost+found, never deleted.</summary>
internal static class Strays
{
    /// <summary>Moves it to <c>lost+found/ID~NAME</c>, in the vault or (other file system) in the daemon's folder in staging.</summary>
    public static Errno MoveAway(OpenFolders folders, Fd from, Name name, SlotId id) => MoveAway(folders, from, name, name, id);

    /// <summary>The same for what stands under another name than it had: <paramref name="known"/> is what it is called there.</summary>
    public static Errno MoveAway(OpenFolders folders, Fd from, Name name, Name known, SlotId id)
    {
        // Of a long name the end is kept, which tells NAME.done from NAME.failed.
        ReadOnlySpan<byte> end = known.Bytes[Math.Max(0, known.Length - ItemNames.MaxLength)..];
        return Stdio.RenameAt2(from, name, folders.StrayFolder, Name.Of(Name.Of($"{id}~").Bytes, end), Stdio.RENAME_NOREPLACE);
    }
}
