using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Recovery;

/// <summary>
/// Compares every live and retained row with what stands there. No slot is ever published or deleted whose identity is not
/// its row's.
/// </summary>
internal static class KnownVersions
{
    private const int Page = 1000;

    /// <summary>What is live comes first: it may be one that counts as retained.</summary>
    public static void Compare(RouteRecovery recovery)
    {
        Compare(recovery, row => row.State == VersionState.Live);
        Compare(recovery, row => row.State != VersionState.Live);
    }

    private static void Compare(RouteRecovery recovery, Func<VersionRow, bool> isMeant)
    {
        long after = 0;
        while (true)
        {
            IReadOnlyList<VersionRow> rows = recovery.Services.Journal.Write(durable: false, session => session.Standing(recovery.VaultId, after, Page));
            if (rows.Count == 0)
                return;
            after = rows[^1].Sequence;
            var corrections = new List<Action<JournalSession>>();
            foreach (VersionRow row in rows.Where(isMeant))
                Compare(recovery, row, corrections);
            if (corrections.Count == 0)
                continue;
            recovery.Services.Journal.Write(durable: true, session =>
            {
                corrections.ForEach(correction => correction(session));
                return true;
            });
        }
    }

    private static void Compare(RouteRecovery recovery, VersionRow row, List<Action<JournalSession>> corrections)
    {
        if (row.State == VersionState.Live)
        {
            Identity stands = RouteRecovery.Look(recovery.Folders.Target, Name.Of(row.Name), out _);
            if (stands.IsNone || stands != row.Identity)
                LiveIsNotThere(recovery, row, stands, corrections);
            return;
        }
        Name slotName = Vault.SlotName(row.Slot, row.Name);
        Identity kept = RouteRecovery.Look(recovery.Folders.Vault.Folder, slotName, out _);
        if (!kept.IsNone && kept == row.Identity && row.State == VersionState.Retained)
            return;
        Identity live = row.State == VersionState.Retained ? RouteRecovery.Look(recovery.Folders.Target, Name.Of(row.Name), out _) : default;
        if (!live.IsNone && live == row.Identity)
        {
            corrections.Add(session => LiveAfterAll(recovery, row, session));
            return;
        }
        if (row.State == VersionState.Leaving && kept == row.Identity)
            Stdio.RenameAt2(recovery.Folders.Vault.Folder, slotName, recovery.Folders.Vault.Trash, slotName, Stdio.RENAME_NOREPLACE);
        else if (row.State == VersionState.Retained)
            Log.RetainedIsGone(recovery.Logger, row.Route, row.Name, row.Number);
        corrections.Add(session => session.MarkDeleted(row.Sequence));
    }

    /// <summary>The target's file system fell back behind the removal that had taken it down.</summary>
    private static void LiveAfterAll(RouteRecovery recovery, VersionRow row, JournalSession session)
    {
        if (session.FindName(row.Vault, row.Name).Live is not null)
        {
            session.MarkDeleted(row.Sequence);
            return;
        }
        session.MakeLive(row.Sequence);
        Log.RemovalWasLost(recovery.Logger, row.Route, row.Name, row.Number);
    }

    /// <summary>
    /// Either a stranger changed it, or the target's file system fell back behind a publish that the journal remembers
    /// (Durability = none, a power cut): then the version before is live again, and what was published last is kept aside.
    /// </summary>
    private static void LiveIsNotThere(RouteRecovery recovery, VersionRow row, Identity stands, List<Action<JournalSession>> corrections)
    {
        corrections.Add(session =>
        {
            // The row may have been corrected by one before it in this transaction.
            if (session.Find(row.Sequence) is not { State: VersionState.Live })
                return;
            VersionRow? before = session.ListVersions(row.Route, row.Name, int.MaxValue, long.MaxValue)
                .FirstOrDefault(version => version.State == VersionState.Retained && version.Vault == row.Vault && !stands.IsNone && version.Identity == stands);
            session.MarkDeleted(row.Sequence);
            if (before is null)
                return;
            session.MakeLive(before.Sequence);
            Log.PublishWasLost(recovery.Logger, row.Route, row.Name, row.Number, before.Number);
        });
        if (stands.IsNone)
            Log.LiveIsGone(recovery.Logger, row.Route, row.Name, row.Number);
    }
}
