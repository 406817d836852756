using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Recovery;

/// <summary>
/// Results that are written but whose telling may not have been finished, or not have reached the disk: the missing receipt
/// is written and the marker removed, if it is still the one that was served.
/// </summary>
internal static class OpenResults
{
    public static void Recover(RouteRecovery recovery)
    {
        IReadOnlyList<Unclosed> results = recovery.Services.Journal.Write(durable: false, session => session.UnclosedOf(recovery.Route.Settings.Staging));
        var closed = new List<SlotId>();
        foreach (Unclosed result in results)
        {
            if (IsLost(recovery, result) || Tell(recovery, result))
                closed.Add(result.Id);
            if (recovery.Folders.Own is { } own && result.Succeeded && SourceOf(own, result) is { } source)
                CrossDeviceCopy.DeleteSource(recovery.Folders, source);
        }
        if (closed.Count == 0)
            return;
        recovery.Closed += closed.Count;
        if (Unistd.Fsync(recovery.Folders.Staging) != Errno.None)
            return; // They stay open, and are looked at again at the next start.
        recovery.Services.Journal.Write(durable: false, session =>
        {
            closed.ForEach(session.Close);
            return true;
        });
    }

    /// <summary>The item is back in staging: its file system has lost the commit (Durability = none), the marker stands for a new one.</summary>
    private static bool IsLost(RouteRecovery recovery, Unclosed result) => result.Succeeded && !result.Item.IsNone
        && RouteRecovery.Look(recovery.Folders.Staging, result.Source, out _) == result.Item;

    /// <summary>True: nothing of it is left to tell.</summary>
    private static bool Tell(RouteRecovery recovery, Unclosed result)
    {
        Name markerName = ItemNames.MarkerOf(result.Source);
        Identity taken = RouteRecovery.Look(recovery.Folders.Workshop, MarkerRemoval.TakenName(result.Id), out _);
        bool hasMarker = Stat.StatAt(recovery.Folders.Staging, markerName, out FileStatus marker) == Errno.None;
        // Touched after it was seen, and nothing stands there for a new request: it was the same one.
        bool isServed = hasMarker && (result.Marker.Matches(marker)
            || (result.Marker.File.Matches(marker) && Stat.StatAt(recovery.Folders.Staging, result.Source, out _) == Errno.ENOENT));
        if (hasMarker && !isServed)
            return taken.IsNone || MarkerRemoval.Resume(recovery.Folders, result.Source, result.Marker, result.Id, out _) != Removal.Failed;
        if (isServed || !HasReceipt(recovery, result))
        {
            Errno error = Receipts.Write(recovery.Folders, result.Id, result.Source, result.Succeeded, result.Receipt, recovery.IsDurable);
            if (error != Errno.None)
            {
                if (isServed)
                    recovery.Stuck.Add(AsCommit(recovery, result, marker));
                return !isServed;
            }
        }
        if (!taken.IsNone)
            return MarkerRemoval.Resume(recovery.Folders, result.Source, result.Marker, result.Id, out _) != Removal.Failed;
        return !isServed || MarkerRemoval.Remove(recovery.Folders, result.Source, result.Marker, result.Id, out _) != Removal.Failed;
    }

    /// <summary>
    /// Does its own receipt stand? One of an earlier outcome says nothing, and after a power cut one that was renamed but not
    /// synced is there with no bytes.
    /// </summary>
    private static bool HasReceipt(RouteRecovery recovery, Unclosed result)
    {
        if (result.Receipt is not { } text)
            return false;
        Name place = result.Source.With(result.Succeeded ? ItemNames.Done : ItemNames.Failed);
        Errno error = Fcntl.OpenBeneath(recovery.Folders.Staging, place, Fcntl.O_RDONLY, out Fd file);
        using Fd closing = file;
        byte[] wanted = Receipts.BytesOf(text);
        var found = new byte[wanted.Length + 1];
        return error == Errno.None && Unistd.Read(file, found, out int length) == Errno.None && found.AsSpan(0, length).SequenceEqual(wanted);
    }

    /// <summary>For the lane, which tries the telling again with back-off.</summary>
    private static Commit AsCommit(RouteRecovery recovery, Unclosed result, FileStatus marker) => new()
    {
        Route = recovery.Route,
        Source = result.Source,
        Door = Door.Marker,
        Folders = recovery.Folders,
        Settings = recovery.Route.Settings,
        Marker = new Marker(result.Marker, marker, CommitOptions.None),
        Id = result.Id,
        Unclosed = result,
        Refusal = result.Succeeded ? null : new Refusal(Reason.Interrupted, "Decided before the last stop.", ""),
    };

    /// <summary>
    /// The claimed source of a copy keeps the name of its slot in the daemon's folder in staging. What was moved away from the
    /// receipt's place begins with the same id, and is never deleted.
    /// </summary>
    private static Name? SourceOf(Fd own, Unclosed result)
    {
        Name? found = null;
        Name prefix = Name.Of($"{result.Id}~");
        Dirent.List(own, (bytes, _) =>
        {
            if (!bytes.StartsWith(prefix.Bytes))
                return true;
            var name = Name.Of(bytes);
            if (!result.Item.IsNone && RouteRecovery.Look(own, name, out FileStatus _) == result.Item)
                found = name;
            return found is null;
        });
        return found;
    }
}
