using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Commits.Steps;

/// <summary>
/// Step 6: makes the renames durable, once per folder for the whole batch, then writes the results in one transaction.
/// After the publish a commit can only be late, never fail.
/// </summary>
internal static class Step6Settle
{
    /// <summary>Syncs vault, target and staging of every durable route in the batch. An error is final for the lane.</summary>
    public static Errno Sync(List<Commit> batch, out string path)
    {
        path = "";
        foreach (OpenFolders folders in batch.Where(IsDurable).Select(commit => commit.Folders).Distinct())
        {
            bool hasPublished = batch.Exists(commit => commit.Folders == folders && commit.IsPublished);
            // A refused upload whose slot came back after a power cut would be a stray.
            bool hasPutBack = batch.Exists(commit => commit.Folders == folders && (commit.ItemIsAt is not null || commit is { IsUpload: true, Intent: not null, Refusal: not null }));
            if (!hasPublished && !hasPutBack)
                continue;
            foreach ((Fd folder, string name) in (ReadOnlySpan<(Fd, string)>)[(folders.Vault.Folder, folders.Vault.Path), (folders.Target, "the target"), (folders.Staging, "the staging folder")])
            {
                Errno error = Unistd.Fsync(folder);
                path = name;
                // Where items were only put back, nothing was promised that could be lost.
                if (error != Errno.None && hasPublished)
                    return error;
            }
            if (folders.Own is { } own && Unistd.Fsync(own) is not Errno.None and var failed && hasPublished)
                return failed;
        }
        return Errno.None;
    }

    public static bool IsDurable(Commit commit) => commit.Settings.Durability == Durability.Full;

    /// <summary>Everything that the journal and the receipt say of a commit, before either is written.</summary>
    public static void Describe(Commit commit, DateTimeOffset now)
    {
        if (commit.IsPublished)
            commit.Version = NewVersion(commit, now);
        // A call is told of an item that never moved, as a receipt tells of it.
        if (commit.Refusal is not null)
            commit.ItemIsAt = ItemPath(commit);
        string? receipt = commit.Refusal is { } refusal
            ? ReceiptText.Failed(commit.Route.Name, commit.Target.Length > 0 ? commit.Target : commit.Source.ToString(), refusal, commit.ItemIsAt, now)
            : commit.Settings.Receipts == ReceiptsPolicy.All
                ? ReceiptText.Done(commit.Route.Name, (commit.Version ?? commit.Repeats)!, commit.Folders.TargetPath(commit.Target), commit.Repeats is not null)
                : null;
        if (commit.Marker is { } marker)
            commit.Unclosed = NewUnclosed(commit, marker.Identity, receipt);
        else if (commit is { IsPublished: true, Intent.CrossDevice: true })
            commit.Unclosed = NewUnclosed(commit, default, null);
    }

    private static Unclosed NewUnclosed(Commit commit, MarkerIdentity marker, string? receipt) => new(commit.Id, commit.Folders.Vault.Id, commit.Route.Name,
        commit.Settings.Staging, commit.Source, marker, commit.Refusal is null, receipt)
    { Item = commit.IsPublished ? commit.Item : default };

    /// <summary>As a program can open it, where it is text; a name like .. is no item's.</summary>
    private static string? ItemPath(Commit commit) => commit.ItemIsAt
        ?? (!ItemNames.IsFolderItself(commit.Source) && Stat.StatAt(commit.Folders.Staging, commit.Source, out _) == Errno.None
            ? commit.Folders.ItemPath(commit.Source, isEscaped: false)
            : null);

    private static VersionRow NewVersion(Commit commit, DateTimeOffset now) => new()
    {
        Vault = commit.Folders.Vault.Id,
        Route = commit.Route.Name,
        Name = commit.Target,
        Number = commit.Intent!.Number,
        State = commit.Operation == Operation.Remove ? VersionState.Deleted : VersionState.Live,
        Identity = commit.Intent.Copy.IsNone ? commit.Item : commit.Intent.Copy,
        Kind = commit.Operation == Operation.Remove ? commit.Replaced?.Kind ?? ItemKind.Other : commit.Facts.Kind,
        Files = commit.Facts.Files,
        Bytes = commit.Facts.Bytes,
        CommittedAt = now,
        Durable = IsDurable(commit) && commit.Folders.Durable,
        Door = commit.Door,
        Operation = commit.Operation,
        Uid = commit.Uid,
        Labels = commit.Options.Labels,
        RequestId = commit.Options.RequestId,
        Sha256 = commit.Options.Sha256,
        Replaced = commit.Replaced is { IsLiveRow: true } ? commit.ReplacedNumber : 0,
    };

    /// <summary>The results of the batch, in the journal's one transaction.</summary>
    public static void Record(Commit commit, JournalSession session, DateTimeOffset now)
    {
        if (commit.Again is not null)
        {
            if (commit.Intent is { } dropped)
                session.DropIntent(dropped.Id);
        }
        else if (commit.Version is { } version)
        {
            long sequence = session.Settle(commit.Intent!, version, commit.Replaced, commit.Unclosed, commit.Settings.Keep);
            commit.Version = version with { Sequence = sequence };
        }
        else if (commit.Refusal is { } refusal)
        {
            session.Fail(NewFailure(commit, refusal, now), commit.Intent?.Id, commit.Unclosed);
            foreach (Identity identity in commit.Poisoned ?? [])
                session.Poison(commit.Folders.Vault.Id, identity);
        }
        else if (commit.Unclosed is { } repeated)
        {
            session.InsertUnclosed(repeated);
        }
        if (commit is { Again: null, Unclosed: { Receipt: not null } receipt })
            session.ReceiptWritten(receipt.Staging, receipt.Source, receipt.Succeeded);
    }

    private static FailureRow NewFailure(Commit commit, Refusal refusal, DateTimeOffset now) => new()
    {
        Route = commit.Route.Name,
        Name = commit.Target.Length > 0 ? commit.Target : commit.Source.ToString(),
        Door = commit.Door,
        Reason = refusal.Reason,
        Message = refusal.Message,
        At = now,
        Uid = commit.Uid,
        RequestId = commit.Options.RequestId,
    };
}
