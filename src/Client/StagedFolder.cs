using AtomikD.Client.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomikD.Client;

/// <summary>
/// A folder to fill and to commit. It is yours alone until then; its name in staging means nothing. Disposing it without a commit
/// leaves nothing behind. Not for several threads at once, except for what they write below <see cref="Path"/>.
/// </summary>
public sealed class StagedFolder : IAsyncDisposable
{
    private readonly StagedItem _item;

    internal StagedFolder(ICommitDoor door, string route, string path, ILogger logger)
    {
        _item = new StagedItem(door, route, path, logger);
        Route = route;
    }

    /// <summary>For fakes of <see cref="IAtomikStager"/>: a folder of your own and what is to happen with it.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="path">A folder that exists. It is removed by <see cref="DisposeAsync"/> unless the commit succeeded.</param>
    /// <param name="commit">Called with the path and the name in the target folder.</param>
    public StagedFolder(string route, string path, Func<string, string, CommitOptions, CancellationToken, Task<CommittedVersion>> commit)
        : this(new DelegateDoor(commit), route, path, NullLogger.Instance)
    {
    }

    /// <summary>Name of the route.</summary>
    public string Route { get; }

    /// <summary>
    /// Where to write. Whatever is in it when <see cref="CommitAsync"/> is called goes live, as it is; close all files first. May
    /// change by a refused commit.
    /// </summary>
    public string Path => _item.Path;

    /// <summary>Puts the folder live in one step.</summary>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="options">How; null, the default: as the route says.</param>
    /// <param name="cancellationToken">
    /// Ends the waiting, not the commit: it may be done all the same. Disposing then takes back what has not begun.
    /// </param>
    /// <returns>The version that is live now.</returns>
    /// <exception cref="AtomikException">
    /// Refused, not reached, or not answered in time. A refused folder has been put back: it can be changed and committed again.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="InvalidOperationException">It has been committed.</exception>
    public Task<CommittedVersion> CommitAsync(string name, CommitOptions? options = null, CancellationToken cancellationToken = default) =>
        _item.CommitAsync(name, options, null, cancellationToken);

    /// <summary>Removes the folder, unless it was committed.</summary>
    /// <returns>When it is gone. What cannot be removed is logged.</returns>
    public ValueTask DisposeAsync() => new(Task.Run(_item.Dispose));
}
