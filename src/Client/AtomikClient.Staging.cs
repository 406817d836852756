using AtomikD.Client.Internal;

namespace AtomikD.Client;

public sealed partial class AtomikClient : ICommitDoor
{
    /// <inheritdoc/>
    public async Task<StagedFolder> StageFolderAsync(string route, CancellationToken cancellationToken = default)
    {
        string path = await StageAsync(route, StagingFolder.MakeFolder, cancellationToken);
        return new StagedFolder(this, route, path, _logger);
    }

    /// <inheritdoc/>
    public async Task<StagedFile> StageFileAsync(string route, CancellationToken cancellationToken = default)
    {
        FileStream stream = await StageAsync(route, StagingFolder.MakeFile, cancellationToken);
        return new StagedFile(this, route, stream, _logger);
    }

    async Task<CommittedVersion> ICommitDoor.CommitAsync(
        string route, string path, string name, CommitOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await CommitAsync(route, Path.GetFileName(path), name, options, cancellationToken);
        }
        catch (AtomikException e) when (e.Reason is AtomikReason.RouteNotFound or AtomikReason.ItemNotFound)
        {
            _stagingPaths.Forget(route);
            throw;
        }
    }

    /// <summary>Renaming the item, which the caller does next, is enough: a call has no marker.</summary>
    void ICommitDoor.Withdraw(string path)
    {
    }

    private async Task<T> StageAsync<T>(string route, Func<string, string, T> make, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        ThrowIfDisposed();
        string staging = await _stagingPaths.FindAsync(route, cancellationToken);
        try
        {
            return make(staging, route);
        }
        catch (StagingNotFoundException) when (_stagingPaths.Forget(route))
        {
            return make(await _stagingPaths.FindAsync(route, cancellationToken), route);
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> AskStagingPathsAsync(CancellationToken cancellationToken)
    {
        ServiceStatus status = await GetStatusAsync(cancellationToken);
        return status.Routes.ToDictionary(route => route.Name, route => route.Staging, StringComparer.Ordinal);
    }
}
