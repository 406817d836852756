using System.Text.Json;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Commits.Steps;

/// <summary>
/// Step 2: decides by what the journal knows, and writes down what is about to be done: one transaction for all that is
/// ready. The order is request id, then expected version, then overwrite.
/// </summary>
internal static class Step2Intend
{
    /// <summary>Beyond this a number found on a file is not believed: producers can write user attributes too.</summary>
    private const long LargestCredibleNumber = 1L << 40;

    private static readonly Name s_versionAttribute = Step4Seal.VersionAttribute;

    public static void Run(List<Commit> ready, CommitJournal journal, string bootId)
    {
        bool isDurable = ready.Exists(commit => commit.Settings.Durability == Durability.Full);
        foreach (Commit commit in ready)
            commit.Id = journal.NextSlot();
        journal.Write(isDurable, session =>
        {
            foreach (Commit commit in ready)
                Decide(commit, session, bootId);
            return true;
        });
    }

    private static void Decide(Commit commit, JournalSession session, string bootId)
    {
        if (commit.Options.RequestId is { } id && session.FindSuccess(commit.Route.Name, id) is { } earlier)
        {
            if (commit.Refusal is { Reason: Reason.NotPermitted })
                return;
            if (earlier.Name == commit.Target && (commit.Options.Sha256 is null || earlier.Sha256 is null || earlier.Sha256 == commit.Options.Sha256))
            {
                // Whatever else there is to say of a request that was served long ago: mostly that its item is gone.
                commit.Refusal = null;
                commit.Repeats = earlier;
            }
            else
                commit.Refusal = new Refusal(Reason.BadMarker, $"The request id was used for version {earlier.Number} of {earlier.Name}, with another name or sha256.",
                    "Give every request an id of its own.");
            return;
        }
        if (commit.Refusal is not null)
            return;
        NameState state = session.FindName(commit.Folders.Vault.Id, commit.Target);
        LiveVersion? live = FindLive(commit, state);
        commit.LiveIsOurs = live is not null;
        commit.ReplacedNumber = live?.Number ?? 0;
        commit.Refusal = commit.Operation switch
        {
            Operation.Commit => DecideCommit(commit, state, live),
            Operation.Rollback => DecideRollback(commit, session, live),
            _ => DecideRemove(commit, live),
        };
        if (commit.Refusal is not null)
            return;
        commit.Intent ??= NewIntent(commit);
        commit.Intent = commit.Intent with
        {
            BootId = bootId,
            Live = commit.Live,
            LiveSequence = live?.Sequence ?? state.Live?.Sequence ?? 0,
            Number = NextNumber(commit, state, live),
        };
        session.InsertIntent(commit.Intent);
    }

    /// <summary>
    /// The journal's live version, if that is what stands there. Its whole identity is known then; a stranger's is asked for
    /// here, so that a crash can be judged by it.
    /// </summary>
    private static LiveVersion? FindLive(Commit commit, NameState state)
    {
        if (commit.Live.IsNone)
            return null;
        if (state.Live is { } row && row.Identity.Matches(commit.LiveStatus))
        {
            commit.Live = row.Identity;
            return row;
        }
        Name target = Name.Of(commit.Target);
        if (Stat.StatAt(commit.Folders.Target, target, out FileStatus status) == Errno.None)
            commit.Live = Identity.Of(commit.Folders.Target, target, status);
        return null;
    }

    private static Intent NewIntent(Commit commit) => new()
    {
        Id = commit.Id,
        Vault = commit.Folders.Vault.Id,
        Route = commit.Route.Name,
        Staging = commit.Settings.Staging,
        Operation = commit.Operation,
        Door = commit.Door,
        Source = commit.Source,
        Target = commit.Target,
        Marker = commit.Marker?.Identity,
        Item = commit.Operation == Operation.Commit ? commit.Item : default,
        Number = 0,
        BootId = "",
        Uid = commit.Uid,
        CrossDevice = commit.IsCrossDevice,
        Options = commit.Options,
        HoldReason = commit.HoldReason,
    };

    private static Refusal? DecideCommit(Commit commit, NameState state, LiveVersion? live)
    {
        if (state.HoldReason is { } hold)
            return new Refusal(Reason.Held, $"Commits of {commit.Target} are held: {hold}.", $"Wait for `atomikctl release {commit.Route.Name} {commit.Target}`.");
        if (CheckExpected(commit, live) is { } mismatch)
            return mismatch;
        commit.CanReplace = MayReplace(commit.Settings.Overwrite, commit.Options);
        commit.CanCreate = commit.Options.ExpectedVersion is null or 0;
        return commit.Live.IsNone || commit.CanReplace ? null : TargetExists(commit);
    }

    public static bool MayReplace(OverwritePolicy policy, CommitOptions options) => options.ExpectedVersion != 0 && policy switch
    {
        OverwritePolicy.Never => false,
        OverwritePolicy.OnRequest => options.Overwrite == true || options.ExpectedVersion >= 1,
        _ => options.Overwrite != false || options.ExpectedVersion >= 1,
    };

    public static Refusal TargetExists(Commit commit)
    {
        string hint = commit.Settings.Overwrite == OverwritePolicy.Never
            ? $"Route {commit.Route.Name} only creates (Overwrite = never): choose another name."
            : commit.IsUpload ? "To replace it, say so with overwrite, or name the version that is expected."
            : $"To replace it, write this into the marker: {OverwriteJson(commit)}";
        return new Refusal(Reason.TargetExists, $"{commit.Folders.TargetPath(commit.Target)} exists and the request does not say to replace it.", hint);
    }

    private static string OverwriteJson(Commit commit) => commit.Options.Name is { } name
        ? $"{{\"name\":\"{JsonEncodedText.Encode(name, ReceiptText.Encoder)}\",\"overwrite\":true}}"
        : "{\"overwrite\":true}";

    private static Refusal? CheckExpected(Commit commit, LiveVersion? live)
    {
        if (commit.Options.ExpectedVersion is not { } expected)
            return null;
        bool fits = expected == 0 ? commit.Live.IsNone : live is not null && live.Number == expected;
        if (fits)
            return null;
        string found = commit.Live.IsNone ? "nothing is there" : live is null ? "what is there was not put there by a commit" : $"version {live.Number} is live";
        return new Refusal(Reason.VersionMismatch, $"Version {expected} of {commit.Target} was expected, but {found}.", "Look at what is live, then ask again.");
    }

    private static Refusal? DecideRollback(Commit commit, JournalSession session, LiveVersion? live)
    {
        if (CheckExpected(commit, live) is { } mismatch)
            return mismatch;
        VersionRow? wanted = session.RollbackTarget(commit.Folders.Vault.Id, commit.Target, commit.To);
        if (wanted is null || !session.Take(wanted.Sequence))
            return new Refusal(Reason.VersionNotFound,
                commit.To == 0 ? $"No retained version of {commit.Target} is left to go back to." : $"Version {commit.To} of {commit.Target} is not retained.",
                $"`atomikctl versions {commit.Route.Name} {commit.Target}` lists what is retained.");
        commit.Item = wanted.Identity;
        commit.Facts = new Trees.TreeFacts(wanted.Kind, wanted.Files, wanted.Bytes, wanted.Files);
        commit.NeedsSync = !wanted.Durable && commit.Settings.Durability == Durability.Full;
        commit.IsSmall = !commit.NeedsSync;
        commit.CanCreate = true;
        commit.CanReplace = true;
        commit.Intent = NewIntent(commit) with { Item = wanted.Identity, FromSequence = wanted.Sequence, FromSlot = wanted.Slot };
        return null;
    }

    private static Refusal? DecideRemove(Commit commit, LiveVersion? live)
    {
        if (CheckExpected(commit, live) is { } mismatch)
            return mismatch;
        commit.IsSmall = true;
        return commit.Live.IsNone
            ? new Refusal(Reason.VersionNotFound, $"Nothing is live at {commit.Folders.TargetPath(commit.Target)}.", "There is nothing to remove.")
            : null;
    }

    private static long NextNumber(Commit commit, NameState state, LiveVersion? live)
    {
        if (commit.Operation == Operation.Remove)
            return live?.Number ?? 0;
        long last = state.LastNumber;
        if (live is null && !commit.Live.IsNone)
            last = Math.Max(last, NumberOnTheItem(commit));
        return last + 1;
    }

    /// <summary>After the journal was lost, or an older one was put back, the number on the live item keeps numbers from being given twice.</summary>
    private static long NumberOnTheItem(Commit commit)
    {
        Errno error = Fcntl.OpenBeneath(commit.Folders.Target, Name.Of(commit.Target), Fcntl.O_RDONLY, out Fd live);
        using Fd closing = live;
        return error == Errno.None && SysXattr.FGetxattr(live, s_versionAttribute, out byte[] value) == Errno.None
            && long.TryParse(value, out long number) && number is > 0 and < LargestCredibleNumber ? number : 0;
    }
}
