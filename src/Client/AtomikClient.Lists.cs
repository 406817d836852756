using System.Runtime.CompilerServices;
using AtomikD.Client.Internal;
using Google.Protobuf.WellKnownTypes;

namespace AtomikD.Client;

public sealed partial class AtomikClient
{
    /// <inheritdoc/>
    public IAsyncEnumerable<CommittedVersion> ListVersionsAsync(
        string route, string? name = null, bool includeDeleted = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(route);
        return Pages(cancellationToken);

        async IAsyncEnumerable<CommittedVersion> Pages([EnumeratorCancellation] CancellationToken cancellation)
        {
            var request = new V1.ListVersionsRequest { Route = route, Name = name ?? "", ShowDeleted = includeDeleted };
            do
            {
                V1.ListVersionsResponse page = await AskAsync("ListVersions", null, call => _service.ListVersionsAsync(request, call), cancellation);
                foreach (V1.Version version in page.Versions)
                    yield return version.ToVersion();
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<HistoryEntry> ListHistoryAsync(HistoryQuery? query = null, CancellationToken cancellationToken = default)
    {
        query ??= new HistoryQuery();
        var request = new V1.ListHistoryRequest
        {
            Route = query.Route ?? "",
            Name = query.Name ?? "",
            Filter = query.Filter.ToWire(),
            Since = query.Since is { } since ? Timestamp.FromDateTimeOffset(since) : null,
        };
        return Pages(cancellationToken);

        async IAsyncEnumerable<HistoryEntry> Pages([EnumeratorCancellation] CancellationToken cancellation)
        {
            V1.ListHistoryRequest next = request.Clone();
            do
            {
                V1.ListHistoryResponse page = await AskAsync("ListHistory", null, call => _service.ListHistoryAsync(next, call), cancellation);
                foreach (V1.HistoryEntry entry in page.Entries)
                    yield return entry.ToEntry();
                next.PageToken = page.NextPageToken;
            }
            while (next.PageToken.Length > 0);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<CommitEvent> WatchAsync(WatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new WatchOptions();
        if (options is { InitialLive: true, AfterSequence: not null })
            throw new ArgumentException("InitialLive and AfterSequence do not go together.", nameof(options));
        ThrowIfDisposed();
        return Events(cancellationToken);

        async IAsyncEnumerable<CommitEvent> Events([EnumeratorCancellation] CancellationToken cancellation)
        {
            using var watch = new Watch(_service, options, _connectTimeout, _time, _logger);
            while (true)
                yield return await watch.NextAsync(cancellation);
        }
    }
}
