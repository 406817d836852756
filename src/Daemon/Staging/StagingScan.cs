using AtomikD.Linux;

namespace AtomikD.Staging;

/// <summary>Lists a staging folder for markers: at start, after an overflow, now and then for safety, and where the file system tells nothing.</summary>
internal static class StagingScan
{
    /// <summary>What a scan saw.</summary>
    /// <param name="Markers">Names ending in .ready.</param>
    /// <param name="Unmarked">Items that have no marker.</param>
    /// <param name="WasComplete">False: the queue was full, scan again once it is shorter.</param>
    public sealed record Result(long Markers, UnmarkedItems Unmarked, bool WasComplete);

    /// <summary>Names whose age is asked for: a staging folder may hold a million strangers.</summary>
    private const int MostLookedAt = 10_000;

    public delegate bool Found(ReadOnlySpan<byte> item);

    /// <summary>Calls <paramref name="found"/> for each marker until it says that there is no room.</summary>
    public static Errno Run(Fd staging, Found found, out Result result)
    {
        // Its own descriptor: the position of a listing belongs to the open file, and scans may overlap.
        Errno error = Fcntl.OpenAt2(staging, Name.Of("."), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, 0, out Fd folder);
        using Fd closing = folder;
        long markers = 0;
        long others = 0;
        var items = new HashSet<Name>();
        var marked = new HashSet<Name>();
        bool wasComplete = true;
        if (error == Errno.None)
        {
            error = Dirent.List(folder, (name, _) =>
            {
                if (name.EndsWith(ItemNames.Ready))
                {
                    markers++;
                    if (marked.Count < MostLookedAt)
                        marked.Add(Name.Of(name[..^ItemNames.Ready.Length]));
                    wasComplete = found(name[..^ItemNames.Ready.Length]);
                }
                else if (!name.EndsWith(ItemNames.Done) && !name.EndsWith(ItemNames.Failed) && !name.StartsWith(".atomikd"u8))
                {
                    others++;
                    if (items.Count < MostLookedAt)
                        items.Add(Name.Of(name));
                }
                return wasComplete;
            });
        }
        // A marker without an item must not hide an item without a marker, as far as they can be told apart.
        bool areAllKnown = others <= MostLookedAt && markers <= MostLookedAt;
        long unmarked = areAllKnown ? items.Count(item => !marked.Contains(item)) : Math.Max(0, others - markers);
        result = new Result(markers, unmarked == 0 ? UnmarkedItems.None : new UnmarkedItems(unmarked, OldestOf(staging, items.Except(marked))), wasComplete);
        return error;
    }

    private static Timestamp? OldestOf(Fd staging, IEnumerable<Name> items)
    {
        Timestamp? oldest = null;
        foreach (Name item in items)
        {
            if (Stat.StatAt(staging, item, out FileStatus status) == Errno.None && (oldest is not { } known || status.Changed < known))
                oldest = status.Changed;
        }
        return oldest;
    }
}
