namespace AtomikD.Journal;

/// <summary>The run before this one, as it left the journal.</summary>
/// <param name="BootId">Null where there was none.</param>
/// <param name="LastSeen">Wall clock of its last transaction.</param>
/// <param name="OrderlyStopAt">Null where it ended otherwise.</param>
internal sealed record PreviousRun(string? BootId, DateTimeOffset LastSeen, DateTimeOffset? OrderlyStopAt)
{
    /// <summary>
    /// When the last run of the boot before this one stopped in order, and so synced all that had been written. Unlike
    /// <see cref="OrderlyStopAt"/> it outlives a daemon that dies within this boot: that takes nothing from the disk.
    /// </summary>
    public DateTimeOffset? EarlierBootSyncedAt { get; init; }
}
