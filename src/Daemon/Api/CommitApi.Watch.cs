using AtomikD.Journal;
using AtomikD.Routes;
using AtomikD.V1;
using Grpc.Core;

namespace AtomikD.Api;

/// <summary>Following what is committed.</summary>
internal sealed partial class CommitApi
{
    /// <summary>Events read ahead for one watcher.</summary>
    private const int WatchPage = 256;

    /// <summary>Where the watch begins: a connection that is lost before the first event leaves no gap either.</summary>
    private const string PositionHeader = "atomikd-sequence";

    public override async Task Watch(WatchRequest request, IServerStreamWriter<CommitEvent> responseStream, ServerCallContext context)
    {
        if (request.InitialLive && request.HasAfterSequence)
            throw Failures.BadRequest("initial_live and after_sequence were both given.", "Give one: where to go on, or that the live versions come first.");
        access.Demand(context, request.Routes);
        CancellationToken cancellation = CallGuard.EndOf(context);
        using EventFeed.Reader reader = feed.Open(Engine);
        // A failure to go on from there is told before anything else.
        if (request.HasAfterSequence)
            await reader.SeekAsync(request.AfterSequence, cancellation);
        await context.WriteResponseHeadersAsync(new Metadata { { PositionHeader, reader.Position.ToString() } });
        if (request.InitialLive)
            await TellLiveAsync(request, responseStream, context, reader.Position, cancellation);
        while (!cancellation.IsCancellationRequested)
        {
            foreach (VersionRow row in await reader.NextAsync(WatchPage, cancellation))
            {
                if (IsWanted(request, context, row))
                    await responseStream.WriteAsync(Messages.EventOf(row, Engine, isInitial: false), cancellation);
            }
        }
    }

    /// <summary>
    /// By sequence, so that a watcher that breaks off may go on after the last one it got: each name's live version has been
    /// told, or comes later in the sequence.
    /// </summary>
    private async Task TellLiveAsync(WatchRequest request, IServerStreamWriter<CommitEvent> stream, ServerCallContext context, long until, CancellationToken cancellation)
    {
        string[] vaults = [.. access.Demand(context, request.Routes).Select(route => route.VaultId).OfType<string>()];
        List<long> live = await Engine.Journal.WriteAsync(durable: false, session => vaults.SelectMany(session.LiveSequences).Where(sequence => sequence <= until).Order().ToList());
        foreach (long[] page in live.Chunk(WatchPage))
        {
            List<VersionRow?> rows = await Engine.Journal.WriteAsync(durable: false, session => page.Select(session.Find).ToList());
            foreach (VersionRow row in rows.OfType<VersionRow>())
            {
                // One that was replaced meanwhile comes as an event.
                if (row.State == Journal.VersionState.Live && IsWanted(request, context, row))
                    await stream.WriteAsync(Messages.EventOf(row, Engine, isInitial: true), cancellation);
            }
        }
    }

    private bool IsWanted(WatchRequest request, ServerCallContext context, VersionRow row) =>
        (request.Routes.Count == 0 || request.Routes.Contains(row.Route))
        && Engine.FindRoute(row.Route) is { } route && Access.PeerOf(context).MayUse(route.Settings);
}
