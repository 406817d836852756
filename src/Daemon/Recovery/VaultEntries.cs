using System.Text;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Versions;

namespace AtomikD.Recovery;

/// <summary>Sorts what stands in the vault: unknown slots go to lost+found, never deleted; half-made copies and uploads to the trash.</summary>
internal static class VaultEntries
{
    /// <summary>A check may run at any time.</summary>
    private static readonly Name s_probes = Name.Of(Routes.RouteProbe.NamePrefix);

    public static void Sort(RouteRecovery recovery)
    {
        Vault vault = recovery.Folders.Vault;
        HashSet<SlotId> known = KnownSlots(recovery);
        var strays = new List<Name>();
        Dirent.List(vault.Folder, (name, _) =>
        {
            if (!Vault.IsFurniture(name) && !IsKnown(name, known) && !name.StartsWith(s_probes.Bytes))
                strays.Add(Name.Of(name));
            return true;
        });
        foreach (Name stray in strays)
            PutAway(recovery, stray);
        ToTrash(recovery, vault.Copy);
        ToTrash(recovery, vault.Upload);
        Dirent.List(vault.LostAndFound, int.MaxValue, out List<(Name, byte)> kept);
        recovery.Route.Strays = kept.Count;
    }

    private static HashSet<SlotId> KnownSlots(RouteRecovery recovery)
    {
        var known = recovery.ToResume.Select(commit => commit.Id).ToHashSet();
        long after = 0;
        while (true)
        {
            IReadOnlyList<VersionRow> rows = recovery.Services.Journal.Write(durable: false, session => session.Standing(recovery.VaultId, after, 1000));
            if (rows.Count == 0)
                return known;
            after = rows[^1].Sequence;
            known.UnionWith(rows.Where(row => row.State != VersionState.Live).Select(row => row.Slot));
        }
    }

    private static bool IsKnown(ReadOnlySpan<byte> name, HashSet<SlotId> known)
    {
        if (name.Length <= SlotId.TextLength || name[SlotId.TextLength] != (byte)'~')
            return false;
        bool isItem = name.Length > SlotId.TextLength + 1 && name[SlotId.TextLength + 1] != (byte)'.';
        return isItem && SlotId.TryParse(Encoding.ASCII.GetString(name[..SlotId.TextLength]), out SlotId id) && known.Contains(id);
    }

    private static void PutAway(RouteRecovery recovery, Name stray)
    {
        Vault vault = recovery.Folders.Vault;
        if (stray.Length == SlotId.TextLength + "~.receipt"u8.Length && stray.EndsWith("~.receipt"u8))
        {
            Unistd.UnlinkAt(vault.Folder, stray); // The daemon's own, written aside and never placed.
            return;
        }
        Errno error = Stdio.RenameAt2(vault.Folder, stray, vault.LostAndFound, stray, Stdio.RENAME_NOREPLACE);
        if (error == Errno.EEXIST)
            error = Strays.MoveAway(recovery.Folders, vault.Folder, stray, recovery.Services.Journal.NextSlot());
        recovery.Strays++;
        Log.UnknownSlot(recovery.Logger, $"{vault.Path}/{stray}", error == Errno.None ? "lost+found" : $"it cannot be moved: {error.Describe()}");
    }

    private static void ToTrash(RouteRecovery recovery, Fd folder)
    {
        Dirent.List(folder, int.MaxValue, out List<(Name Name, byte Type)> entries);
        foreach ((Name name, _) in entries)
            Stdio.RenameAt2(folder, name, recovery.Folders.Vault.Trash, Name.Of($"{recovery.Services.Journal.NextSlot()}"), Stdio.RENAME_NOREPLACE);
    }
}
