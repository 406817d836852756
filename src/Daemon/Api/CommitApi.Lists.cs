using AtomikD.Journal;
using AtomikD.Routes;
using AtomikD.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace AtomikD.Api;

/// <summary>What there is, and what there was.</summary>
internal sealed partial class CommitApi
{
    public override async Task<ListVersionsResponse> ListVersions(ListVersionsRequest request, ServerCallContext context)
    {
        Route route = access.Demand(context, request.Route);
        string? name = request.Name.Length > 0 ? Requests.NameOf(request.Name, route.Name) : null;
        int size = Requests.PageSizeOf(request.PageSize);
        long before = Requests.PositionOf(request.PageToken);
        IReadOnlyList<VersionRow> rows = await Engine.Journal.WriteAsync(durable: false,
            session => session.ListVersions(route.Name, name, size + 1, before, request.ShowDeleted)).WaitAsync(context.CancellationToken);
        var response = new ListVersionsResponse();
        response.Versions.AddRange(Requests.PageOf(rows.Select(row => Messages.VersionOf(row, Engine)), size));
        int count = response.Versions.Count;
        if (rows.Count > count)
            response.NextPageToken = Requests.PageTokenOf(rows[count - 1].Sequence);
        return response;
    }

    public override async Task<ListHistoryResponse> ListHistory(ListHistoryRequest request, ServerCallContext context)
    {
        IReadOnlyList<Route> routes = access.Demand(context, request.Route.Length > 0 ? [request.Route] : []);
        string? name = request.Name.Length > 0 ? request.Name : null;
        int size = Requests.PageSizeOf(request.PageSize);
        long before = Requests.PositionOf(request.PageToken);
        bool successes = request.Filter != HistoryFilter.Failures;
        bool failures = request.Filter != HistoryFilter.Successes;
        // Only the rows: what is made of them asks for users' names, and commits must not wait for a directory service.
        (List<VersionRow> done, List<FailureRow> refused) = await Engine.Journal.WriteAsync(durable: false, session => (
            successes ? routes.SelectMany(route => session.SuccessesBefore(route.Name, name, before, size + 1)).ToList() : [],
            failures ? routes.SelectMany(route => session.FailuresBefore(route.Name, name, before, size + 1)).ToList() : [])).WaitAsync(context.CancellationToken);
        List<HistoryEntry> entries = [.. done.Select(row => Messages.EntryOf(row, Engine)), .. refused.Select(Messages.EntryOf)];
        entries.Sort((a, b) => b.Sequence.CompareTo(a.Sequence));
        List<HistoryEntry> page = Requests.PageOf(entries, size);
        bool isMore = entries.Count > page.Count;
        long last = page.Count > 0 ? page[^1].Sequence : 0;
        if (request.Since is { } since)
        {
            // History is in the order of time, but for steps of the wall clock.
            DateTimeOffset from = since.ToDateTimeOffset();
            isMore = isMore && page[^1].At.ToDateTimeOffset() >= from;
            page.RemoveAll(entry => entry.At.ToDateTimeOffset() < from);
        }
        var response = new ListHistoryResponse();
        response.Entries.AddRange(page);
        if (isMore)
            response.NextPageToken = Requests.PageTokenOf(last);
        return response;
    }

    public override async Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        var response = new GetStatusResponse { DaemonVersion = ProductVersion.Text, StartedAt = access.StartedAt.ToTimestamp() };
        foreach (Route route in access.RoutesOf(context))
            response.Routes.Add(await StatusOf.RouteAsync(route, Engine.Journal, time));
        return response;
    }
}
