namespace AtomikD.Client;

/// <summary>
/// What the daemon offers over its socket. Safe for many threads; one per process is enough. Every method throws
/// <see cref="AtomikException"/> when the daemon refuses, is not reached or does not answer in time, and
/// <see cref="OperationCanceledException"/> when it was cancelled. Cancelling ends the waiting, not what was already asked for.
/// </summary>
public interface IAtomikClient : IAtomikStager, IAsyncDisposable
{
    /// <summary>Puts an item live that already stands in the staging folder.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="source">Name of the item in the staging folder.</param>
    /// <param name="name">Name in the target folder; null, the default: the source's.</param>
    /// <param name="options">How; null, the default: as the route says.</param>
    /// <param name="cancellationToken">Ends the waiting, not the commit.</param>
    /// <returns>The version that is live now.</returns>
    Task<CommittedVersion> CommitAsync(string route, string source, string? name = null, CommitOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Makes a retained version live again, under a new number.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="options">To which, and whether to hold it; null, the default: to the newest that no rollback has taken down.</param>
    /// <param name="cancellationToken">Ends the waiting, not the rollback.</param>
    /// <returns>The version that is live now.</returns>
    Task<CommittedVersion> RollbackAsync(string route, string name, RollbackOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Takes a name down in one step. What was live is retained.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="options">How; null, the default: whatever is live.</param>
    /// <param name="cancellationToken">Ends the waiting, not the removal.</param>
    /// <returns>The version that was taken down.</returns>
    Task<CommittedVersion> RemoveAsync(string route, string name, RemoveOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Refuses further commits of a name (<see cref="AtomikReason.Held"/>) until it is released.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="reason">Told to whoever meets the hold.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>When it is held.</returns>
    Task HoldAsync(string route, string name, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Takes commits of a name again.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="reason">For the daemon's log.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>When it is released.</returns>
    Task ReleaseAsync(string route, string name, string? reason = null, CancellationToken cancellationToken = default);

    /// <summary>Versions, newest first. Pages are asked for as they are needed.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder; null, the default: all.</param>
    /// <param name="includeDeleted">Also those that are known by their number only. Default: false.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <returns>The versions.</returns>
    IAsyncEnumerable<CommittedVersion> ListVersionsAsync(string route, string? name = null, bool includeDeleted = false, CancellationToken cancellationToken = default);

    /// <summary>Successes and failures, newest first. Pages are asked for as they are needed.</summary>
    /// <param name="query">Which; null, the default: all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <returns>The entries.</returns>
    IAsyncEnumerable<HistoryEntry> ListHistoryAsync(HistoryQuery? query = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Tells of every commit, rollback and removal, in their order and without a gap. It survives a restart of the daemon: it
    /// connects again, for as long as it takes, and goes on after the last event. It ends by cancellation or an exception.
    /// </summary>
    /// <param name="options">What, and from where on; null, the default: all routes, from now on.</param>
    /// <param name="cancellationToken">Ends the watch, with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The events. An event may come twice after a restart, never out of order.</returns>
    /// <exception cref="WatchOutOfRangeException">The history does not reach back to where the watch was to go on.</exception>
    IAsyncEnumerable<CommitEvent> WatchAsync(WatchOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes a file from a stream, for producers that do not share the file system.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="content">Read from where it stands to its end; not closed. One that can seek is sent again after a lost connection, any other one not.</param>
    /// <param name="options">How; null, the default: as the route says.</param>
    /// <param name="cancellationToken">Ends the upload; nothing of an upload that has not ended is left behind.</param>
    /// <returns>The version that is live now.</returns>
    Task<CommittedVersion> UploadFileAsync(string route, string name, Stream content, UploadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes a file, for producers that do not share the file system.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="path">Path of the file.</param>
    /// <param name="options">How; null, the default: as the route says.</param>
    /// <param name="cancellationToken">Ends the upload; nothing of an upload that has not ended is left behind.</param>
    /// <returns>The version that is live now.</returns>
    Task<CommittedVersion> UploadFileAsync(string route, string name, string path, UploadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes a folder with all that is in it, for producers that do not share the file system. Modes and times of the entries
    /// are kept, links are sent as links.
    /// </summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="path">Path of the folder.</param>
    /// <param name="options">How; null, the default: as the route says.</param>
    /// <param name="cancellationToken">Ends the upload; nothing of an upload that has not ended is left behind.</param>
    /// <returns>The version that is live now.</returns>
    Task<CommittedVersion> UploadFolderAsync(string route, string name, string path, UploadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Publishes a folder from a tar stream of what it holds, as <c>tar -C FOLDER -c .</c> makes it: pax, GNU or ustar, not compressed.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="archive">Read from where it stands to its end; not closed. One that can seek is sent again after a lost connection, any other one not.</param>
    /// <param name="options">How; null, the default: as the route says.</param>
    /// <param name="cancellationToken">Ends the upload; nothing of an upload that has not ended is left behind.</param>
    /// <returns>The version that is live now.</returns>
    Task<CommittedVersion> UploadTarAsync(string route, string name, Stream archive, UploadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Collects now what the policy allows.</summary>
    /// <param name="route">Name of the route; null, the default: all that the caller may use.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What was taken away.</returns>
    Task<PruneResult> PruneAsync(string? route = null, CancellationToken cancellationToken = default);

    /// <summary>How the daemon does, and the routes that the caller may use.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The status.</returns>
    Task<ServiceStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}
