using System.Diagnostics;
using AtomikD.Client.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomikD.Client;

/// <summary>
/// Stages and commits over markers alone, without the daemon's socket: for programs that see no more than a staging folder. Safe
/// for many threads. It needs routes with <c>Receipts = all</c> (the default): without a receipt it takes nothing for a success.
/// </summary>
public sealed class MarkerClient : IAtomikStager
{
    private readonly Dictionary<string, string> _stagingPaths;
    private readonly ILogger _logger;
    private readonly MarkerDoor _door;

    /// <summary>Makes a client.</summary>
    /// <param name="options">
    /// <see cref="AtomikClientOptions.StagingPaths"/>, with an entry for each route; <see cref="AtomikClientOptions.Timeout"/>, how
    /// long a commit may take; <see cref="AtomikClientOptions.LoggerFactory"/>. The others are not used.
    /// </param>
    public MarkerClient(AtomikClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _stagingPaths = new Dictionary<string, string>(options.StagingPaths, StringComparer.Ordinal);
        _logger = (ILogger?)options.LoggerFactory?.CreateLogger(AtomikTelemetry.SourceName) ?? NullLogger.Instance;
        _door = new MarkerDoor(options.Timeout, _logger);
    }

    /// <inheritdoc/>
    public Task<StagedFolder> StageFolderAsync(string route, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Attempt(() => new StagedFolder(_door, route, StagingFolder.MakeFolder(PathOf(route), route), _logger));
    }

    /// <inheritdoc/>
    public Task<StagedFile> StageFileAsync(string route, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Attempt(() => new StagedFile(_door, route, StagingFolder.MakeFile(PathOf(route), route), _logger));
    }

    private static Task<T> Attempt<T>(Func<T> stage)
    {
        try
        {
            return Task.FromResult(stage());
        }
        catch (AtomikException e)
        {
            return Task.FromException<T>(e);
        }
    }

    private string PathOf(string route)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        return _stagingPaths.TryGetValue(route, out string? path)
            ? Path.GetFullPath(path)
            : throw new AtomikException(AtomikReason.RouteNotFound, $"Where route {route} stages is not known.")
            {
                Hint = $"Set StagingPaths[\"{route}\"].",
            };
    }
}
