using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Uploads;

namespace AtomikD.Engine;

/// <summary>For producers that do not share the file system.</summary>
internal sealed partial class CommitEngine
{
    /// <summary>Each may have a tree's worth of descriptors open.</summary>
    public const int MostUploads = 256;

    private int _uploads;

    /// <summary>Makes room for an upload in the route's vault. The session must be disposed of.</summary>
    /// <param name="uid">Of the peer; the item becomes its own where the daemon may give it away.</param>
    /// <param name="gid">Of the peer.</param>
    public (UploadSession? Session, Refusal? Refusal) BeginUpload(string route, UploadRequestInfo header, uint uid, uint gid)
    {
        if (FindRoute(route) is not { } found)
            return (null, NoSuchRoute(route));
        if (found.Lane is not { } lane || found.Folders is not { } folders || !folders.TryAcquire())
            return (null, NotServed(found));
        var place = new UploadPlace(found, lane, folders, Journal.NextSlot(), _collector.Soon, UploadLeft);
        UploadSession? session = null;
        Refusal? refusal = Interlocked.Increment(ref _uploads) > MostUploads
            ? new Refusal(Reason.Busy, $"{MostUploads} uploads are under way.", "Upload again once some of them have ended.")
            : UploadSession.Begin(place, header, uid, gid, out session);
        if (refusal is not null)
        {
            folders.Release();
            UploadLeft();
        }
        return (session, refusal);
    }

    /// <summary>An upload that did not come as far as to be committed belongs to the history too.</summary>
    public void NoteRefused(Route route, UploadRequestInfo header, uint uid, Refusal refusal)
    {
        Commits.Log.Refused(Logger, route.Name, Name.Escape(System.Text.Encoding.UTF8.GetBytes(header.Name)), refusal.Reason.WireName(), refusal.Message);
        route.CountFailure(_core.Time.GetUtcNow());
        _metrics?.Refused(route, refusal.Reason);
        _spans.Refused(route, header, refusal);
        var failure = new FailureRow
        {
            Route = route.Name,
            Name = header.Name,
            Door = Door.Rpc,
            Reason = refusal.Reason,
            Message = refusal.Message,
            At = _core.Time.GetUtcNow(),
            Uid = uid,
            RequestId = header.Options.RequestId,
        };
        Journal.Post(session => session.Fail(failure, null, null));
        HistoryGrew?.Invoke();
    }

    private void UploadLeft() => Interlocked.Decrement(ref _uploads);
}
