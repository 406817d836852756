using AtomikD.Commits;
using AtomikD.Doors;
using AtomikD.Engine;
using AtomikD.Routes;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace AtomikD.Api;

/// <summary>
/// Which routes a caller may use. One that it may not use is told of as one that does not exist, in the same words: who is
/// denied learns nothing.
/// </summary>
internal sealed class Access(EngineService service)
{
    public CommitEngine Engine => service.Engine ?? throw new InvalidOperationException("The engine serves before it is started.");

    public DateTimeOffset StartedAt => service.StartedAt;

    public static Peer PeerOf(ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<Peer>();

    /// <exception cref="RpcException">ROUTE_NOT_FOUND</exception>
    public Route Demand(ServerCallContext call, string route)
    {
        Route? found = Engine.FindRoute(route);
        return found is not null && PeerOf(call).MayUse(found.Settings) ? found : throw Failures.From(NoSuchRoute(route), route);
    }

    /// <summary>All that the caller may use, by name.</summary>
    public IReadOnlyList<Route> RoutesOf(ServerCallContext call)
    {
        Peer peer = PeerOf(call);
        return [.. Engine.Routes.Where(route => peer.MayUse(route.Settings)).OrderBy(route => route.Name, StringComparer.Ordinal)];
    }

    /// <summary>The named ones, or, where none is named, all that the caller may use.</summary>
    public IReadOnlyList<Route> Demand(ServerCallContext call, IReadOnlyCollection<string> names) =>
        names.Count == 0 ? RoutesOf(call) : [.. names.Distinct(StringComparer.Ordinal).Select(name => Demand(call, name))];

    private static Refusal NoSuchRoute(string route) =>
        new(Reason.RouteNotFound, $"There is no route {route} that you may use.", "Name a route of the configuration whose AllowUsers has you, if it has any.");
}
