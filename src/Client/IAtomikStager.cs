namespace AtomikD.Client;

/// <summary>
/// Gives out places in a route's staging folder, to be filled and committed. <see cref="AtomikClient"/> does it over the daemon's
/// socket, <see cref="MarkerClient"/> over markers alone.
/// </summary>
public interface IAtomikStager
{
    /// <summary>
    /// Makes a new folder in the staging folder of a route, with the mode that the umask gives, under a name that nobody else uses.
    /// </summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The folder. Dispose it: without a commit, nothing is left behind.</returns>
    /// <exception cref="AtomikException">There is no such route, its staging folder cannot be written to from here, or the daemon was not reached.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    Task<StagedFolder> StageFolderAsync(string route, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a new file in the staging folder of a route, with the mode that the umask gives, under a name that nobody else uses.
    /// </summary>
    /// <param name="route">Name of the route.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The file. Dispose it: without a commit, nothing is left behind.</returns>
    /// <exception cref="AtomikException">There is no such route, its staging folder cannot be written to from here, or the daemon was not reached.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    Task<StagedFile> StageFileAsync(string route, CancellationToken cancellationToken = default);
}
