using AtomikD.Linux;

namespace AtomikD.Uploads;

/// <summary>What is carried of an entry beside its contents.</summary>
/// <param name="Mode">Permission bits.</param>
/// <param name="Modified">The time of its last change, as the sender had it; null = not said.</param>
internal readonly record struct EntryAttributes(uint Mode, Timestamp? Modified)
{
    private const uint Permissions = 0x1FF;

    /// <summary>Others than the owner write only where the route's modes say so.</summary>
    private const uint Umask = 0x12;

    public static EntryAttributes Of(uint mode, DateTimeOffset modified) =>
        new(mode & Permissions & ~Umask, modified == default ? null : Timestamp.From(modified));
}
