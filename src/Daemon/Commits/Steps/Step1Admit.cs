using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Trees;
using AtomikD.Versions;

namespace AtomikD.Commits.Steps;

/// <summary>What is to be done with a request after a look at it.</summary>
internal enum Admission
{
    /// <summary>On to the next step; a refusal found here rides along, because a repeated request id comes before it.</summary>
    Ready,

    /// <summary>There is no request (any more).</summary>
    Gone,

    /// <summary>Asked again later: <see cref="Commit.Again"/> says when.</summary>
    Later,

    /// <summary>Behind another commit of one of its names.</summary>
    Blocked,
}

/// <summary>Step 1: looks at marker and item without following links, parses, checks. Changes nothing.</summary>
internal static class Step1Admit
{
    private const int SmallEntries = 64;
    private const long SmallBytes = 1 << 20;

    /// <summary>A marker this young and empty may be one whose writer is between creating and opening it.</summary>
    private static readonly TimeSpan s_newborn = TimeSpan.FromMilliseconds(200);

    /// <summary>A marker that is still being written is looked at again after this time, if its close is not heard before.</summary>
    private static readonly TimeSpan s_unfinished = TimeSpan.FromSeconds(1);

    public static Admission Run(Commit commit, WaitingRoom room, TimeProvider time)
    {
        if (commit.Source.Length > 0 && !room.TryEnter(commit, new WorkKey(commit.Route.Name, WorkKeyKind.Source, commit.Source)))
            return Admission.Blocked;
        if (commit.FirstLook == 0)
            commit.FirstLook = Environment.TickCount64;

        if (commit.Door == Door.Marker && LookAtMarker(commit, time) is { } decided and not Admission.Ready)
            return decided;
        if (commit.Operation == Operation.Commit)
            commit.Target = commit.Options.Name ?? commit.Source.Text ?? "";
        commit.Refusal ??= CheckNames(commit) ?? CheckUsers(commit);
        if (commit.Refusal is not null && commit.Options.RequestId is null)
            return Admission.Ready;

        foreach (WorkKey key in KeysOf(commit))
        {
            if (!room.TryEnter(commit, key))
                return Admission.Blocked;
        }

        if (commit.Refusal is null)
            LookAtDestination(commit);
        if (commit.Refusal is null && commit.Operation == Operation.Commit)
            commit.Refusal = LookAtItem(commit);
        return commit.Refusal is { Reason: Reason.ItemBusy } && commit.Options.RequestId is null ? AskAgain(commit) : Admission.Ready;
    }

    /// <summary>The names that nobody else may have in work meanwhile.</summary>
    public static IEnumerable<WorkKey> KeysOf(Commit commit)
    {
        if (commit.Source.Length > 0)
            yield return new WorkKey(commit.Route.Name, WorkKeyKind.Source, commit.Source);
        if (commit.Target.Length > 0)
            yield return new WorkKey(commit.Route.Name, WorkKeyKind.Target, Name.Of(commit.Target));
        if (commit.Options.RequestId is { } id)
            yield return new WorkKey(commit.Route.Name, WorkKeyKind.RequestId, Name.Of(id));
    }

    /// <summary>Parks a busy item untouched in staging, or lets the refusal stand when its time is over.</summary>
    public static Admission AskAgain(Commit commit)
    {
        // One that could not be put back at its name is told of, where it is now.
        if (commit.IsUpload || commit.IsBeside || commit.IsClaimed || Environment.TickCount64 - commit.FirstLook >= commit.BusyLimit.TotalMilliseconds)
            return Admission.Ready;
        commit.Again = TimeSpan.FromMilliseconds(Math.Min(1000, 20 << Math.Min(commit.Parks++, 6)));
        return Admission.Later;
    }

    private static Admission? LookAtMarker(Commit commit, TimeProvider time)
    {
        Name name = ItemNames.MarkerOf(commit.Source);
        MarkerLook look = Marker.Look(commit.Folders.Staging, name, commit.How, out Marker? marker, out Refusal? refusal);
        commit.Marker = marker;
        commit.Refusal = refusal;
        if (look == MarkerLook.Gone)
            return Admission.Gone;
        if (marker is null)
        {
            // It cannot even be looked at: there is no identity to answer to, so it is asked again until it can.
            commit.Route.Complain(refusal?.Message, namesItem: true);
            commit.FirstLook = 0;
            commit.Again = s_unfinished;
            return Admission.Later;
        }
        bool isNewborn = commit.How == Discovery.Found && marker.Status is { IsFile: true, Size: 0 }
            && time.GetUtcNow() - marker.Status.Changed.ToDateTimeOffset() is var age && age >= TimeSpan.Zero && age < s_newborn;
        if (isNewborn && commit.Parks++ < 2)
        {
            commit.Again = s_newborn;
            return Admission.Later;
        }
        if (look == MarkerLook.Unfinished)
        {
            // Its close will be heard, unless it was opened under another name, or none, and linked in.
            commit.How = Discovery.Found;
            commit.FirstLook = 0;
            commit.Parks = 0;
            commit.Again = s_unfinished;
            return Admission.Later;
        }
        if (commit.Route.Stuck.Has(commit.Source, marker.Status))
            return Admission.Gone;
        commit.Uid = marker.Status.Uid;
        commit.Options = marker.Options;
        commit.IsDistrusted = !commit.Folders.Trust.Covers(marker.Status.Changed);
        return Admission.Ready;
    }

    private static Refusal? CheckNames(Commit commit)
    {
        if (commit.Operation == Operation.Commit && !commit.IsUpload && ItemNames.WhatIsWrong(commit.Source.Bytes) is { } wrong)
            return new Refusal(Reason.InvalidName, $"The name {commit.Source} cannot be used: {wrong}.", "Rename the item, then mark it again.");
        if (ItemNames.WhatIsWrong(System.Text.Encoding.UTF8.GetBytes(commit.Target)) is { } bad)
            return new Refusal(Reason.InvalidName, $"The name in the target cannot be used: {bad}.", "Choose another \"name\", then mark the item again.");
        return null;
    }

    private static Refusal? CheckUsers(Commit commit)
    {
        AllowedUsers allowed = commit.Settings.AllowUsers;
        if (allowed.IsEveryone || commit.Marker is not { } marker)
            return null;
        if (!allowed.Allows(marker.Status.Uid))
            return Forbidden($"The marker belongs to uid {marker.Status.Uid}, who may not commit on route {commit.Route.Name}.");
        return marker.Status.Links == 1 ? null : Forbidden("The marker has a second hard link, so its owner proves nothing.");
    }

    private static Refusal Forbidden(string message) =>
        new(Reason.NotPermitted, message, "Commit as a user of AllowUsers, with a marker and an item of your own.");

    private static void LookAtDestination(Commit commit)
    {
        Name target = Name.Of(commit.Target);
        Errno error = Stat.StatAt(commit.Folders.Target, target, out FileStatus status);
        commit.LiveStatus = status;
        if (error == Errno.None)
            commit.Live = Identity.Brief(commit.Folders.Target, target, status);
        else if (error == Errno.ENOENT)
            commit.Live = default;
        else
            commit.Refusal = Refusal.From(error, $"look at {commit.Folders.TargetPath(commit.Target)}");
        if (error == Errno.None && status.IsMountRoot)
            commit.Refusal = Refusal.From(Errno.EBUSY, $"replace {commit.Folders.TargetPath(commit.Target)}, a mount point");
    }

    private static Refusal? LookAtItem(Commit commit)
    {
        string path = commit.ShownPath;
        (Fd place, Name name) = PlaceOf(commit);
        Errno error = Stat.StatAt(place, name, out FileStatus status);
        if (error == Errno.ENOENT)
            return new Refusal(Reason.ItemNotFound, $"There is no {path}.", "Write the item first, then its marker.");
        if (error != Errno.None)
            return Refusal.From(error, $"look at {path}");
        commit.ItemStatus = status;
        if (!status.IsFile && !status.IsFolder)
            return Unsupported($"{path} is {(status.IsSymlink ? "a symbolic link" : "neither a file nor a folder")}.");
        if (status.IsMountRoot || status.Device != (commit.IsUpload ? commit.Folders.Vault.Status : commit.Folders.StagingStatus).Device)
            return Unsupported($"{path} is a mount point.");
        // Who calls was asked at the door, where its groups are known: for an item of its own that is the answer.
        bool isCallersOwn = commit.IsUpload || commit.Door == Door.Rpc && commit.Uid == status.Uid;
        if (!isCallersOwn && !commit.Settings.AllowUsers.Allows(status.Uid))
            return Forbidden($"The item belongs to uid {status.Uid}, who may not commit on route {commit.Route.Name}.");
        if (commit.Route.IsPoisoned(status))
            return Step4Seal.PoisonedRefusal(path);
        if (commit.IsDistrusted && !commit.Options.Synced && commit.Options.Sha256 is null)
            return Interrupted($"{path} was marked before the machine went down; what it holds may be lost.");
        commit.Item = Identity.Of(place, name, status);
        return LookInside(commit, path);
    }

    private static (Fd Folder, Name Name) PlaceOf(Commit commit) =>
        commit.UploadName is { } upload ? (commit.Folders.Vault.Upload, upload) : (commit.Folders.Staging, commit.Source);

    /// <summary>The first pass over a small item, or the first entries of a large one. The descriptor is kept for the seal.</summary>
    private static Refusal? LookInside(Commit commit, string path)
    {
        (Fd place, Name name) = PlaceOf(commit);
        Errno error = Fcntl.OpenBeneath(place, name, Fcntl.O_RDONLY, out Fd root);
        commit.Root?.Dispose();
        commit.Root = null;
        if (error == Errno.EAGAIN)
            return Step4Seal.BusyRefusal(path);
        if (error == Errno.ENOENT)
            return new Refusal(Reason.ItemNotFound, $"There is no {path}.", "Write the item first, then its marker.");
        if (error != Errno.None)
            return Refusal.From(error, $"open {path}");
        commit.Root = root;
        if (Stat.FStat(root, out FileStatus opened) != Errno.None || !opened.IsSameFile(commit.ItemStatus))
            return Step4Seal.BusyRefusal(path);
        bool asks = Step4Seal.AsksLeases(commit);
        bool isPutBack = commit.Route.PutBacks.Has(commit.Source, opened.Changed, out bool wasLookedAt);
        if (isPutBack && !wasLookedAt && asks && opened.Modified > commit.Marker?.Status.Changed)
            return TreeRefusals.ChangedAfterMarker(path);
        var rules = new InspectionRules
        {
            MarkerChanged = asks ? commit.Marker?.Status.Changed : null,
            AskLeases = asks,
            Device = commit.ItemStatus.Device,
            QuickLimit = SmallEntries,
            SkipRootChange = isPutBack,
        };
        Refusal? refusal = TreeInspection.Inspect(root, opened, path, rules, out TreeFacts facts);
        commit.IsSmall = !facts.Partial && facts.Bytes <= SmallBytes && commit.Options.Sha256 is null && !commit.IsCrossDevice;
        return refusal;
    }

    private static Refusal Unsupported(string message) =>
        new(Reason.ItemUnsupported, message, "Stage a regular file or a folder.");

    public static Refusal Interrupted(string message) =>
        new(Reason.Interrupted, message, "Write the item again, or touch the marker again to vouch for it.");
}
