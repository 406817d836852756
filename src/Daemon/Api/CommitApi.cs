using AtomikD.Commits;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.V1;
using Grpc.Core;

namespace AtomikD.Api;

/// <summary>The service: each call is checked, handed to the engine that the markers use too, and answered.</summary>
internal sealed partial class CommitApi(Access access, EventFeed feed, TimeProvider time) : CommitService.CommitServiceBase
{
    private CommitEngine Engine => access.Engine;

    public override async Task<CommitResponse> Commit(CommitRequest request, ServerCallContext context)
    {
        Route route = access.Demand(context, request.Route);
        CommitOptions options = Requests.OptionsOf(request, context);
        string source = Requests.NameOf(request.Source, route.Name);
        CommitResult result = await Engine.CommitAsync(route.Name, source, options, Access.PeerOf(context).Uid, context.CancellationToken);
        return Answer(result, route.Name, options.Name ?? source);
    }

    public override async Task<CommitResponse> Rollback(RollbackRequest request, ServerCallContext context)
    {
        Route route = access.Demand(context, request.Route);
        string name = Requests.NameOf(request.Name, route.Name);
        CommitOptions options = Requests.OptionsOf(request, context);
        if (request.To < 0)
            throw Failures.BadRequest($"to is {request.To}.", "Give 0 for the newest version that no rollback has taken down, or the number of a retained one.");
        CommitResult result = await Engine.RollbackAsync(route.Name, name, request.To, request.Hold ? Requests.ReasonOf(request.Reason) : null, options,
            Access.PeerOf(context).Uid, context.CancellationToken);
        return Answer(result, route.Name, name);
    }

    public override async Task<CommitResponse> Remove(RemoveRequest request, ServerCallContext context)
    {
        Route route = access.Demand(context, request.Route);
        string name = Requests.NameOf(request.Name, route.Name);
        CommitOptions options = Requests.OptionsOf(request, context);
        CommitResult result = await Engine.RemoveAsync(route.Name, name, options, Access.PeerOf(context).Uid, context.CancellationToken);
        return Answer(result, route.Name, name);
    }

    public override async Task<HoldResponse> Hold(HoldRequest request, ServerCallContext context)
    {
        Route route = access.Demand(context, request.Route);
        string name = Requests.NameOf(request.Name, route.Name);
        string reason = Requests.ReasonOf(request.Reason);
        if (await Engine.HoldAsync(route.Name, name, reason) is { } refusal)
            throw Failures.From(refusal, route.Name, name);
        Log.Held(Engine.Logger, route.Name, Name.Escape(System.Text.Encoding.UTF8.GetBytes(name)), Access.PeerOf(context).Uid);
        return new HoldResponse();
    }

    public override async Task<ReleaseResponse> Release(ReleaseRequest request, ServerCallContext context)
    {
        Route route = access.Demand(context, request.Route);
        string name = Requests.NameOf(request.Name, route.Name);
        if (await Engine.ReleaseAsync(route.Name, name) is { } refusal)
            throw Failures.From(refusal, route.Name, name);
        Log.Released(Engine.Logger, route.Name, Name.Escape(System.Text.Encoding.UTF8.GetBytes(name)), Access.PeerOf(context).Uid);
        return new ReleaseResponse();
    }

    public override async Task<PruneResponse> Prune(PruneRequest request, ServerCallContext context)
    {
        IReadOnlyList<Route> routes = access.Demand(context, request.Route.Length > 0 ? [request.Route] : []);
        var response = new PruneResponse();
        foreach (Versions.CollectResult result in await Task.WhenAll(routes.Select(route => Engine.PruneAsync(route.Name))).WaitAsync(context.CancellationToken))
        {
            response.DeletedVersions += result.Deleted;
            response.ReclaimedBytes += result.Bytes;
        }
        return response;
    }

    private CommitResponse Answer(CommitResult result, string route, string name) => result switch
    {
        { Refusal: { } refusal } => throw Failures.From(refusal, route, name, result.ItemIsAt),
        { Version: { } version } => new CommitResponse { Version = Messages.VersionOf(version, Engine), Repeated = result.Repeated },
        _ => throw new InvalidOperationException("A commit ended without a version and without a refusal."),
    };
}
