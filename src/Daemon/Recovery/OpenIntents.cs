using AtomikD.Commits;
using AtomikD.Commits.Steps;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Recovery;

/// <summary>
/// Judges every commit that has an intent and no result. The only evidence is its own slot, its destination and its staging
/// name, compared by identity: EXCHANGE is its own inverse and is never repeated on suspicion.
/// </summary>
internal static class OpenIntents
{
    private const int CountLimit = 10_000;

    public static void Recover(RouteRecovery recovery)
    {
        IReadOnlyList<Intent> intents = recovery.Services.Journal.Write(durable: false, session => session.OpenIntents(recovery.VaultId));
        if (intents.Count == 0)
            return;
        var results = new List<Action<JournalSession>>();
        foreach (Intent intent in intents.OrderBy(intent => intent.Id.Value))
            Judge(recovery, intent, results);
        if (results.Count == 0)
            return;
        if (recovery.SyncFolders() is not Errno.None and var error)
            throw new IOException($"the folders cannot be synced: {error.Describe()}");
        recovery.Services.Journal.Write(durable: true, session =>
        {
            results.ForEach(result => result(session));
            return true;
        });
    }

    private static void Judge(RouteRecovery recovery, Intent intent, List<Action<JournalSession>> results)
    {
        Fd vault = recovery.Folders.Vault.Folder;
        Name slotName = Vault.SlotName(intent.Id, intent.Target);
        Identity item = intent.Copy.IsNone ? intent.Item : intent.Copy;
        Identity slot = RouteRecovery.Look(vault, slotName, out FileStatus slotStatus);
        Identity live = RouteRecovery.Look(recovery.Folders.Target, Name.Of(intent.Target), out FileStatus liveStatus);
        bool slotIsItem = !slot.IsNone && slot == item && intent.Operation != Operation.Remove;
        bool liveIsItem = !live.IsNone && live == item && intent.Operation != Operation.Remove;

        if (slotIsItem && liveIsItem)
        {
            // One file under two names: the exchange changed nothing.
            Unistd.UnlinkAt(vault, slotName);
            Settle(recovery, intent, item, liveStatus, null, results);
        }
        else if (slotIsItem)
        {
            Claimed(recovery, intent, slotStatus, results);
        }
        else if (!slot.IsNone && slot == intent.Live)
        {
            Settle(recovery, intent, item, liveStatus, new ReplacedThing(slot, slotStatus.KindOf(), RowOfLive(recovery, intent) is not null), results);
        }
        else if (!slot.IsNone && (liveIsItem || intent.Operation == Operation.Remove))
        {
            Settle(recovery, intent, item, liveStatus, new ReplacedThing(slot, slotStatus.KindOf(), false), results);
        }
        else if (!slot.IsNone && intent is { Operation: Operation.Commit, IsUpload: false })
        {
            GiveBack(recovery, intent, vault, "the claim had taken something else than what was admitted", results);
        }
        else if (!slot.IsNone)
        {
            // It came from no staging folder: as an unknown slot it goes to lost+found.
            recovery.Forgotten++;
            results.Add(session => Drop(session, intent));
        }
        else if (liveIsItem)
        {
            Settle(recovery, intent, item, liveStatus, null, results);
        }
        else
        {
            NotInTheVault(recovery, intent, live, results);
        }
    }

    /// <summary>The slot is empty and the item is not live.</summary>
    private static void NotInTheVault(RouteRecovery recovery, Intent intent, Identity live, List<Action<JournalSession>> results)
    {
        Name slotName = Vault.SlotName(intent.Id, intent.Target);
        if (intent.CrossDevice && recovery.Folders.Own is { } own && RouteRecovery.Look(own, slotName, out FileStatus source) == intent.Item && !intent.Item.IsNone)
        {
            Claimed(recovery, intent, source, results);
            return;
        }
        bool isUntouched = intent.Operation switch
        {
            // It stood in the upload folder, which is emptied.
            Operation.Commit when intent.IsUpload => true,
            Operation.Commit => RouteRecovery.Look(recovery.Folders.Staging, intent.Source, out _) == intent.Item,
            Operation.Rollback => RouteRecovery.Look(recovery.Folders.Vault.Folder, Vault.SlotName(intent.FromSlot, intent.Target), out _) == intent.Item,
            _ => live == intent.Live,
        };
        if (!isUntouched && intent.BootId == recovery.Services.Boot.Id)
            Log.ItemVanished(recovery.Logger, recovery.Route.Name, intent.Target, intent.Id.ToString());
        else if (!isUntouched)
            Log.ItemLostWithPower(recovery.Logger, recovery.Route.Name, intent.Target);
        recovery.Forgotten++;
        results.Add(session => Drop(session, intent));
    }

    private static void Drop(JournalSession session, Intent intent)
    {
        session.DropIntent(intent.Id);
        if (intent.FromSequence != 0)
            session.Return(intent.FromSequence);
    }

    private static void Claimed(RouteRecovery recovery, Intent intent, FileStatus status, List<Action<JournalSession>> results)
    {
        Fd vault = recovery.Folders.Vault.Folder;
        Name slotName = Vault.SlotName(intent.Id, intent.Target);
        if (intent.Operation == Operation.Rollback)
        {
            Errno error = Stdio.RenameAt2(vault, slotName, vault, Vault.SlotName(intent.FromSlot, intent.Target), Stdio.RENAME_NOREPLACE);
            if (error != Errno.None)
                throw new IOException($"{recovery.Folders.Vault.Path}/{slotName} cannot go back to its slot: {error.Describe()}");
            recovery.PutBack++;
            results.Add(session => Drop(session, intent));
            return;
        }
        Fd place = vault;
        if (intent.CrossDevice && recovery.Folders.Own is { } own && RouteRecovery.Look(own, slotName, out FileStatus source) == intent.Item && !intent.Item.IsNone)
        {
            // The source is still there: what was copied of it is made again.
            if (!intent.Copy.IsNone)
                TreeDelete.Delete(vault, slotName, null);
            intent = intent with { Copy = default };
            (place, status) = (own, source);
        }
        FileStatus now = default;
        bool hasMarker = intent.Marker is { } marker
            && Stat.StatAt(recovery.Folders.Staging, ItemNames.MarkerOf(intent.Source), out now) == Errno.None && marker.Matches(now);
        // The time that counts is the kernel's own (ctime): a producer can set the other.
        bool isThisBoot = intent.BootId == recovery.Services.Boot.Id
            && (intent.IsUpload ? recovery.Folders.Trust.Covers(status.Changed) : !hasMarker || recovery.Folders.Trust.Covers(now.Changed));
        bool canVouch = intent.Options.Synced || intent.Options.Sha256 is not null;
        bool isAsked = intent.IsUpload || (hasMarker && intent.CrossDevice == recovery.Folders.CrossDevice);
        if (isAsked && (isThisBoot || canVouch))
        {
            Resume(recovery, intent, status, isThisBoot);
            return;
        }
        GiveBack(recovery, intent, place,
            isThisBoot ? "the daemon was stopped in the middle of it" : "the machine went down in the middle of it, and what the item holds may be lost", results);
    }

    private static void Resume(RouteRecovery recovery, Intent intent, FileStatus status, bool isThisBoot)
    {
        VersionRow? live = RowOfLive(recovery, intent);
        var commit = new Commit
        {
            Route = recovery.Route,
            Source = intent.Source,
            UploadName = intent.IsUpload ? Name.Empty : null,
            Door = intent.Door,
            Uid = intent.Uid,
            Options = intent.Options,
            Target = intent.Target,
            Folders = recovery.Folders,
            Settings = recovery.Route.Settings,
            Marker = MarkerOf(recovery, intent),
            ItemStatus = status,
            Item = intent.Item,
            Live = intent.Live,
            LiveIsOurs = live is not null,
            ReplacedNumber = live?.Number ?? 0,
            Id = intent.Id,
            Intent = intent,
            IsClaimed = true,
            IsDistrusted = !isThisBoot && !intent.Options.Synced,
            CanCreate = intent.Options.ExpectedVersion is null or 0,
            CanReplace = Step2Intend.MayReplace(recovery.Route.Settings.Overwrite, intent.Options),
            FirstLook = Environment.TickCount64,
        };
        recovery.ToResume.Add(commit);
    }

    private static Marker? MarkerOf(RouteRecovery recovery, Intent intent)
    {
        if (intent.Marker is not { } identity)
            return null;
        MarkerLook look = Marker.Look(recovery.Folders.Staging, ItemNames.MarkerOf(intent.Source), Discovery.Closed, out Marker? marker, out _);
        return look == MarkerLook.Read ? marker : new Marker(identity, default, intent.Options);
    }

    /// <summary>The version that stood at the destination; null where nothing did, or a stranger's thing.</summary>
    private static VersionRow? RowOfLive(RouteRecovery recovery, Intent intent) =>
        intent.LiveSequence != 0 && recovery.Services.Journal.Write(durable: false, session => session.Find(intent.LiveSequence)) is { } row && row.Identity == intent.Live
            ? row
            : null;

    /// <summary>Its sender still has what it sent.</summary>
    private static void DropUpload(RouteRecovery recovery, Intent intent, string why, List<Action<JournalSession>> results)
    {
        Vault vault = recovery.Folders.Vault;
        Name slotName = Vault.SlotName(intent.Id, intent.Target);
        Errno error = Stdio.RenameAt2(vault.Folder, slotName, vault.Trash, slotName, Stdio.RENAME_NOREPLACE);
        if (error != Errno.None)
            throw new IOException($"{vault.Path}/{slotName} cannot be moved to the trash: {error.Describe()}");
        var failure = NewFailure(recovery, intent, $"The commit of the upload of {intent.Target} was interrupted: {why}.");
        recovery.PutBack++;
        results.Add(session => session.Fail(failure, intent.Id, null));
    }

    private static FailureRow NewFailure(RouteRecovery recovery, Intent intent, string message) => new()
    {
        Route = intent.Route,
        Name = intent.Target,
        Door = intent.Door,
        Reason = Reason.Interrupted,
        Message = message,
        At = recovery.Services.Time.GetUtcNow(),
        Uid = intent.Uid,
        RequestId = intent.Options.RequestId,
    };

    /// <summary>Back to its producer, with a receipt that says why; a marker of the request is answered by it.</summary>
    private static void GiveBack(RouteRecovery recovery, Intent intent, Fd place, string why, List<Action<JournalSession>> results)
    {
        if (intent.IsUpload)
        {
            DropUpload(recovery, intent, why, results);
            return;
        }
        DateTimeOffset now = recovery.Services.Time.GetUtcNow();
        Name slotName = Vault.SlotName(intent.Id, intent.Target);
        Undress(place, slotName);
        Errno error = Step3Claim.PutBack(place, slotName, recovery.Folders.Staging, intent.Source, intent.Id, out Name at);
        if (error is not (Errno.None or Errno.EXDEV))
            throw new IOException($"{slotName} cannot go back to {recovery.Folders.ItemPath(intent.Source)}: {error.Describe()}");
        // The folders are on other file systems than they were: it goes where unknown slots go.
        string itemPath = error == Errno.None ? recovery.Folders.ItemPath(at) : $"{recovery.Folders.Vault.Path}/lost+found/{slotName}";
        var refusal = new Refusal(Reason.Interrupted, $"The commit of {recovery.Folders.ItemPath(intent.Source)} was interrupted: {why}.", "Write the item again, or touch the marker again to vouch for it.");
        string receipt = ReceiptText.Failed(intent.Route, intent.Target, refusal, itemPath, now);
        var unclosed = new Unclosed(intent.Id, intent.Vault, intent.Route, intent.Staging, intent.Source, intent.Marker ?? default, false, receipt);
        FailureRow failure = NewFailure(recovery, intent, refusal.Message);
        recovery.PutBack++;
        results.Add(session =>
        {
            session.Fail(failure, intent.Id, unclosed);
            session.ReceiptWritten(intent.Staging, intent.Source, done: false);
        });
    }

    private static void Undress(Fd place, Name slotName)
    {
        if (Fcntl.OpenBeneath(place, slotName, Fcntl.O_RDONLY, out Fd root) == Errno.None)
            SysXattr.FRemovexattr(root, Step4Seal.VersionAttribute);
        root.Dispose();
    }

    /// <summary>It was published: from here it can only be late.</summary>
    private static void Settle(RouteRecovery recovery, Intent intent, Identity item, FileStatus liveStatus, ReplacedThing? replaced, List<Action<JournalSession>> results)
    {
        bool isRemoval = intent.Operation == Operation.Remove;
        TreeFacts facts = isRemoval ? new TreeFacts(replaced!.Kind, 0, 0, 0) : Count(recovery, intent, liveStatus);
        long replacedNumber = replaced is { IsLiveRow: true } ? RowOfLive(recovery, intent)!.Number : 0;
        var version = new VersionRow
        {
            Vault = intent.Vault,
            Route = intent.Route,
            Name = intent.Target,
            Number = intent.Number,
            State = isRemoval ? VersionState.Deleted : VersionState.Live,
            Identity = item,
            Kind = facts.Kind,
            Files = facts.Files,
            Bytes = facts.Bytes,
            CommittedAt = recovery.Services.Time.GetUtcNow(),
            Durable = recovery.IsDurable && recovery.Folders.Durable,
            Door = intent.Door,
            Operation = intent.Operation,
            Uid = intent.Uid,
            Labels = intent.Options.Labels,
            RequestId = intent.Options.RequestId,
            Sha256 = intent.Options.Sha256,
            Replaced = replacedNumber,
        };
        string? receipt = recovery.Route.Settings.Receipts == Configuration.ReceiptsPolicy.All
            ? ReceiptText.Done(intent.Route, version, recovery.Folders.TargetPath(intent.Target), repeated: false)
            : null;
        Unclosed? unclosed = intent.Marker is not null || intent.CrossDevice
            ? new Unclosed(intent.Id, intent.Vault, intent.Route, intent.Staging, intent.Source, intent.Marker ?? default, true, intent.Marker is null ? null : receipt) { Item = intent.Item }
            : null;
        recovery.Settled++;
        results.Add(session =>
        {
            session.Settle(intent, version, replaced, unclosed, recovery.Route.Settings.Keep);
            if (unclosed?.Receipt is not null)
                session.ReceiptWritten(intent.Staging, intent.Source, done: true);
        });
    }

    /// <summary>The receipt's figures, for items that are counted quickly.</summary>
    private static TreeFacts Count(RouteRecovery recovery, Intent intent, FileStatus status)
    {
        var facts = new TreeFacts(status.KindOf(), 0, 0, 0);
        if (Fcntl.OpenBeneath(recovery.Folders.Target, Name.Of(intent.Target), Fcntl.O_RDONLY, out Fd root) == Errno.None)
            TreeInspection.Inspect(root, status, intent.Target, new InspectionRules { QuickLimit = CountLimit }, out facts);
        root.Dispose();
        return facts;
    }
}
