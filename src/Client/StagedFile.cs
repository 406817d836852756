using AtomikD.Client.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomikD.Client;

/// <summary>A file to write and to commit. Disposing it without a commit leaves nothing behind. Not for several threads at once.</summary>
public sealed class StagedFile : IAsyncDisposable
{
    private readonly StagedItem _item;

    internal StagedFile(ICommitDoor door, string route, FileStream stream, ILogger logger)
        : this(door, route, stream.Name, stream, logger)
    {
    }

    /// <summary>For fakes of <see cref="IAtomikStager"/>: a file of your own and what is to happen with it.</summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="path">A file that exists. It is removed by <see cref="DisposeAsync"/> unless the commit succeeded.</param>
    /// <param name="stream">Open for writing to it.</param>
    /// <param name="commit">Called with the path and the name in the target folder.</param>
    public StagedFile(string route, string path, Stream stream, Func<string, string, CommitOptions, CancellationToken, Task<CommittedVersion>> commit)
        : this(new DelegateDoor(commit), route, path, stream, NullLogger.Instance)
    {
    }

    private StagedFile(ICommitDoor door, string route, string path, Stream stream, ILogger logger)
    {
        _item = new StagedItem(door, route, path, logger);
        Route = route;
        Stream = stream;
    }

    /// <summary>Name of the route.</summary>
    public string Route { get; }

    /// <summary>Where the file stands now. May change by a refused commit.</summary>
    public string Path => _item.Path;

    /// <summary>Open for reading and writing; <see cref="CommitAsync"/> flushes and closes it.</summary>
    public Stream Stream { get; }

    /// <summary>Closes the stream and puts the file live in one step.</summary>
    /// <param name="name">Name in the target folder.</param>
    /// <param name="options">How; null, the default: as the route says.</param>
    /// <param name="cancellationToken">
    /// Ends the waiting, not the commit: it may be done all the same. Disposing then takes back what has not begun.
    /// </param>
    /// <returns>The version that is live now.</returns>
    /// <exception cref="AtomikException">
    /// Refused, not reached, or not answered in time. A refused file has been put back: it can be committed again, and opened by
    /// its <see cref="Path"/> to change it.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="InvalidOperationException">It has been committed.</exception>
    public Task<CommittedVersion> CommitAsync(string name, CommitOptions? options = null, CancellationToken cancellationToken = default) =>
        _item.CommitAsync(name, options, Stream.DisposeAsync, cancellationToken);

    /// <summary>Closes the stream, and removes the file unless it was committed.</summary>
    /// <returns>When it is gone. What cannot be removed is logged.</returns>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Stream.DisposeAsync();
        }
        finally
        {
            _item.Dispose();
        }
    }
}
