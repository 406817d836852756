using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;

namespace AtomikD.Admin;

/// <summary>Who has a version mounted, or holds it by flock, as far as it can be seen from here.</summary>
internal static class VersionUses
{
    /// <summary>Shown of one route.</summary>
    private const int Most = 50;

    public static async Task<IReadOnlyList<VersionUse>> FindAsync(CommitEngine engine, Route route, OpenFolders folders)
    {
        IReadOnlyList<ReaderLock> locks = [.. ReaderLocks.Take().Where(held => held.Device == folders.TargetStatus.Device)];
        Dictionary<Name, MountUse> inVault = MountsIn(engine, folders.Vault.Folder);
        Dictionary<Name, MountUse> inTarget = MountsIn(engine, folders.Target);
        inTarget.Remove(OpenFolders.OwnFolder);
        if (locks.Count + inVault.Count + inTarget.Count == 0)
            return [];
        IReadOnlyList<VersionRow> rows = await engine.Journal.WriteAsync(durable: false, session => session.NewestStanding(folders.Vault.Id));
        ILookup<ulong, ReaderLock> lockedBy = locks.ToLookup(held => held.Inode);
        var uses = new List<VersionUse>();
        foreach (VersionRow row in rows)
        {
            bool isLive = row.State == VersionState.Live;
            if ((isLive ? inTarget : inVault).TryGetValue(isLive ? Name.Of(row.Name) : Vault.SlotName(row.Slot, row.Name), out MountUse? mount))
                uses.Add(new VersionUse(row, mount.Pid, mount.Command, mount.Point));
            uses.AddRange(lockedBy[row.Identity.Inode].Select(held => new VersionUse(row, held.Pid, held.Command, null)));
            if (uses.Count >= Most)
                break;
        }
        return uses;
    }

    private static Dictionary<Name, MountUse> MountsIn(CommitEngine engine, Fd folder)
    {
        try
        {
            return engine.Mounts.UsesIn(folder, TimeSpan.MinValue) is { } uses ? new Dictionary<Name, MountUse>(uses) : [];
        }
        catch (IOException)
        {
            return []; // No descriptor is free: commits need them more.
        }
    }
}
