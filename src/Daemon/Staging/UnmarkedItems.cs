using AtomikD.Linux;

namespace AtomikD.Staging;

/// <summary>Items in staging that no marker speaks for: being written still, or forgotten.</summary>
/// <param name="Count">As the last scan counted them.</param>
/// <param name="Oldest">When the one that was left alone longest last changed, among the first 10,000; null where there is none.</param>
internal sealed record UnmarkedItems(long Count, Timestamp? Oldest)
{
    public static UnmarkedItems None { get; } = new(0, null);

    public TimeSpan AgeAt(DateTimeOffset now) =>
        Oldest is { } oldest && now - oldest.ToDateTimeOffset() is { Ticks: > 0 } age ? age : TimeSpan.Zero;
}
