using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;

namespace AtomikD.Engine;

/// <summary>What doors other than the marker ask for.</summary>
internal sealed partial class CommitEngine
{
    public Route? FindRoute(string name)
    {
        lock (_routesLock)
            return _keepers.TryGetValue(name, out RouteKeeper? keeper) ? keeper.Route : null;
    }

    /// <summary>Commits <paramref name="source"/> of the route's staging folder. Cancelling ends the waiting, not the commit.</summary>
    public Task<CommitResult> CommitAsync(string route, string source, CommitOptions options, uint uid, CancellationToken cancellation) =>
        SubmitAsync(route, (found, reply) => new Commit
        {
            Route = found,
            Source = Name.Of(source),
            Door = Door.Rpc,
            Options = options,
            Uid = uid,
            Reply = reply,
        }, cancellation);

    /// <summary>Makes a retained version live again, under a new number. 0 = the newest that no rollback has taken down.</summary>
    /// <param name="holdReason">Hold the name afterwards; null = do not.</param>
    /// <param name="options">Of these the expected version and the request id count.</param>
    public Task<CommitResult> RollbackAsync(string route, string name, long to, string? holdReason, CommitOptions options, uint uid, CancellationToken cancellation) =>
        SubmitAsync(route, (found, reply) => new Commit
        {
            Route = found,
            Source = Name.Empty,
            Door = Door.Rpc,
            Operation = Operation.Rollback,
            Target = name,
            To = to,
            HoldReason = holdReason,
            Options = options,
            Uid = uid,
            Reply = reply,
        }, cancellation);

    /// <summary>Takes a name down in one step; what was live is retained.</summary>
    /// <param name="options">Of these the expected version and the request id count.</param>
    public Task<CommitResult> RemoveAsync(string route, string name, CommitOptions options, uint uid, CancellationToken cancellation) =>
        SubmitAsync(route, (found, reply) => new Commit
        {
            Route = found,
            Source = Name.Empty,
            Door = Door.Rpc,
            Operation = Operation.Remove,
            Target = name,
            Options = options,
            Uid = uid,
            Reply = reply,
        }, cancellation);

    /// <summary>Refuses further commits of the name (HELD) until it is released.</summary>
    public Task<Refusal?> HoldAsync(string route, string name, string reason) => SetHoldAsync(route, name, reason);

    public Task<Refusal?> ReleaseAsync(string route, string name) => SetHoldAsync(route, name, null);

    /// <summary>Collects now what the policy allows.</summary>
    public Task<CollectResult> PruneAsync(string route) => _collector.PruneAsync(route);

    private async Task<Refusal?> SetHoldAsync(string route, string name, string? reason)
    {
        if (FindRoute(route) is not { } found)
            return NoSuchRoute(route);
        if (found.Folders is not { } folders)
            return NotServed(found);
        await Journal.WriteAsync(durable: true, session =>
        {
            session.SetHold(folders.Vault.Id, name, reason);
            return true;
        });
        return null;
    }

    private async Task<CommitResult> SubmitAsync(string route, Func<Route, CommitReply, Commit> make, CancellationToken cancellation)
    {
        if (FindRoute(route) is not { } found)
            return new CommitResult(null, false, NoSuchRoute(route), null);
        if (found.Lane is not { } lane || found.Folders is null)
        {
            _metrics?.Refused(found, Reason.Busy);
            return new CommitResult(null, false, NotServed(found), null);
        }
        var reply = new CommitReply();
        lane.Submit(make(found, reply));
        return await reply.Task.WaitAsync(cancellation);
    }

    private static Refusal NotServed(Route route) =>
        new(Reason.Busy, $"Route {route.Name} takes no commits now: {route.Trouble?.TrimEnd('.')}.", "Ask again once `atomikd check` is content.");

    private static Refusal NoSuchRoute(string route) => new(Reason.RouteNotFound, $"There is no route {route}.", "Name a route of the configuration.");
}
