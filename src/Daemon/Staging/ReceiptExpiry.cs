using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;
using Microsoft.Extensions.Logging;

namespace AtomikD.Staging;

/// <summary>
/// Removes receipts that are older than ReceiptsKeepFor: those that the journal remembers having written, never what else
/// has such a name, and none while a marker of that name stands.
/// </summary>
internal static class ReceiptExpiry
{
    private const int Page = 500;

    private enum Outcome
    {
        Removed,

        /// <summary>It is not there, or is not the daemon's.</summary>
        Forgotten,

        /// <summary>Not now.</summary>
        Kept,
    }

    /// <summary>Tells how many receipts went.</summary>
    public static int Run(CommitJournal journal, Route route, OpenFolders folders, ILogger logger, CancellationToken stop)
    {
        if (!folders.TryAcquire())
            return 0;
        int removed = 0;
        try
        {
            while (!stop.IsCancellationRequested && !folders.IsRetired && folders.WhatChanged() is null
                && RunPage(journal, route.Settings, folders, logger) is { } count)
                removed += count;
        }
        catch (JournalException e)
        {
            Versions.Log.JournalRefuses(logger, e.Message);
        }
        finally
        {
            folders.Release();
        }
        return removed;
    }

    /// <summary>Null: nothing is left to do, or nothing can be done now.</summary>
    private static int? RunPage(CommitJournal journal, RouteSettings settings, OpenFolders folders, ILogger logger)
    {
        IReadOnlyList<(Name Name, bool Done)> expired = journal.Write(durable: false, session => session.ExpiredReceipts(settings.Staging, settings.ReceiptsKeepFor, Page));
        if (expired.Count == 0)
            return null;
        var outcomes = new List<(Name Name, Outcome Outcome)>();
        Errno error = Errno.None;
        foreach ((Name name, bool done) in expired)
        {
            Name receipt = name.With(done ? ItemNames.Done : ItemNames.Failed);
            Outcome outcome = Expire(journal, folders, name, receipt, out Errno failed);
            outcomes.Add((name, outcome));
            if (failed == Errno.None)
                continue;
            if (error == Errno.None)
                Versions.Log.ReceiptStays(logger, folders.ItemPath(receipt), failed.Describe());
            error = failed;
            if (failed is Errno.EROFS or Errno.EIO or Errno.ENOSPC or Errno.EDQUOT)
                break;
        }
        int removed = outcomes.Count(outcome => outcome.Outcome == Outcome.Removed);
        // What a power cut brings back must still be known.
        if (removed > 0 && settings.Durability == Durability.Full && Unistd.Fsync(folders.Staging) is not Errno.None and var unsynced)
        {
            Versions.Log.ReceiptStays(logger, settings.Staging, unsynced.Describe());
            return null;
        }
        journal.Write(durable: false, session =>
        {
            foreach ((Name name, Outcome outcome) in outcomes)
            {
                if (outcome == Outcome.Kept)
                    session.PostponeExpiredReceipt(settings.Staging, name, settings.ReceiptsKeepFor);
                else
                    session.ForgetExpiredReceipt(settings.Staging, name, settings.ReceiptsKeepFor);
            }
            return true;
        });
        return outcomes.Count == expired.Count ? removed : null;
    }

    private static Outcome Expire(CommitJournal journal, OpenFolders folders, Name item, Name receipt, out Errno error)
    {
        error = Errno.None;
        // Whoever set the marker waits for a new outcome, which will be a receipt of its own.
        if (Stat.StatAt(folders.Staging, ItemNames.MarkerOf(item), out _) is not (Errno.ENOENT or Errno.ENAMETOOLONG))
            return Outcome.Kept;
        Errno look = Stat.StatAt(folders.Staging, receipt, out FileStatus status);
        if (look != Errno.None)
            return look is Errno.ENOENT or Errno.ENAMETOOLONG ? Outcome.Forgotten : Outcome.Kept;
        if (!status.IsFile || status.Uid != Unistd.GetEuid())
            return Outcome.Forgotten;
        return Remove(journal, folders, receipt, status, out error);
    }

    /// <summary>
    /// Taken away by a rename, then looked at: between the look and an unlink a new receipt could have come to this name.
    /// </summary>
    private static Outcome Remove(CommitJournal journal, OpenFolders folders, Name receipt, in FileStatus status, out Errno error)
    {
        SlotId id = journal.NextSlot();
        Name aside = Receipts.AsideName(id);
        error = Stdio.RenameAt2(folders.Staging, receipt, folders.Workshop, aside, Stdio.RENAME_NOREPLACE);
        if (error == Errno.ENOENT)
        {
            error = Errno.None;
            return Outcome.Forgotten;
        }
        if (error != Errno.None)
            return Outcome.Kept;
        if (Stat.StatAt(folders.Workshop, aside, out FileStatus taken) == Errno.None && taken.IsSameFile(status) && taken.Modified == status.Modified)
        {
            Unistd.UnlinkAt(folders.Workshop, aside);
            return Outcome.Removed;
        }
        if (Stdio.RenameAt2(folders.Workshop, aside, folders.Staging, receipt, Stdio.RENAME_NOREPLACE) != Errno.None)
            Strays.MoveAway(folders, folders.Workshop, aside, id);
        return Outcome.Kept;
    }
}
