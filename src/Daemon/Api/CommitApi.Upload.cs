using AtomikD.Commits;
using AtomikD.Doors;
using AtomikD.Routes;
using AtomikD.Uploads;
using AtomikD.V1;
using Grpc.Core;

namespace AtomikD.Api;

/// <summary>Items of producers that do not share the file system.</summary>
internal sealed partial class CommitApi
{
    /// <summary>
    /// Node's HTTP/2 ends the stream of a call that is cancelled, and tells of the cancelling a moment later. A file that may end
    /// anywhere would go live cut short: it is given that moment. One that says its size or checksum need not wait.
    /// </summary>
    private static readonly TimeSpan s_secondThoughts = TimeSpan.FromMilliseconds(50);

    public override async Task<CommitResponse> Upload(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        CancellationToken cancellation = CallGuard.EndOf(context);
        // .NET's HTTP client, where a connection ends before it has got the call, sends it again without what was sent already.
        if (!await requestStream.MoveNext(cancellation))
            throw new RpcException(new Status(StatusCode.Unavailable, "The upload ended before its header. Send it again."));
        if (requestStream.Current.PartCase != UploadRequest.PartOneofCase.Header)
            throw Failures.BadRequest("The upload does not begin with a header.", "Send the header first, then the data.");
        UploadHeader header = requestStream.Current.Header;
        Route route = access.Demand(context, header.Route);
        string name = Requests.NameOf(header.Name, route.Name);
        Peer peer = Access.PeerOf(context);
        bool isFolder = header.Kind switch
        {
            ItemKind.File => false,
            ItemKind.Folder => true,
            _ => throw Failures.BadRequest("kind is neither a file nor a folder.", "Say ITEM_KIND_FILE or ITEM_KIND_FOLDER."),
        };
        if (header is { HasSize: true, Size: < 0 })
            throw Failures.BadRequest($"size is {header.Size}.", "Give the number of bytes, or leave it out.");
        var info = new UploadRequestInfo(name, isFolder, header.HasSize ? header.Size : null, Requests.OptionsOf(header, context));
        (UploadSession? session, Refusal? refusal) = Engine.BeginUpload(route.Name, info, peer.Uid, peer.Gid);
        if (session is null)
            throw Refused(refusal!);
        await using (session)
        {
            await using var data = new UploadData(requestStream);
            if (await session.ReceiveAsync(data, cancellation) is { } refused)
                throw Refused(refused);
            bool hasEndOfItsOwn = isFolder || header.HasSize || header.Sha256.Length > 0;
            if (!hasEndOfItsOwn)
                await Task.Delay(s_secondThoughts, time, cancellation);
            cancellation.ThrowIfCancellationRequested();
            return Answer(await session.CommitAsync(cancellation), route.Name, name);
        }

        RpcException Refused(Refusal why)
        {
            Engine.NoteRefused(route, info, peer.Uid, why);
            return Failures.From(why, route.Name, name);
        }
    }
}
