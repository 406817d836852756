using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Versions;
using Microsoft.Extensions.Logging;

namespace AtomikD.Recovery;

/// <summary>
/// Brings journal, vault, target and staging of one route together again, before it takes commits. It decides and renames
/// only; what must be sealed again goes to the queue. Every act is a rename with NOREPLACE or an unlink of what is known by
/// identity, and the result is written after it: so it may die anywhere and begin again.
/// </summary>
internal sealed class RouteRecovery
{
    /// <summary>Claimed items of this boot whose marker still stands: they go on at the seal.</summary>
    public List<Commit> ToResume { get; } = [];

    /// <summary>Decided commits whose outcome cannot be told yet.</summary>
    public List<Commit> Stuck { get; } = [];

    public required Route Route { get; init; }

    public required OpenFolders Folders { get; init; }

    public required LaneServices Services { get; init; }

    public int Settled { get; set; }

    public int PutBack { get; set; }

    public int Forgotten { get; set; }

    public int Closed { get; set; }

    public int Strays { get; set; }

    public bool FoundSomething => Settled + PutBack + Forgotten + Closed + Strays + ToResume.Count > 0;

    public ILogger Logger => Services.Logger;

    public string VaultId => Folders.Vault.Id;

    public bool IsDurable => Route.Settings.Durability == Configuration.Durability.Full;

    public void Run()
    {
        foreach (Identity identity in Services.Journal.Write(durable: false, session => session.Poisoned(VaultId)))
            Route.Poison(identity);
        OpenIntents.Recover(this);
        OpenResults.Recover(this);
        KnownVersions.Compare(this);
        VaultEntries.Sort(this);
        if (FoundSomething)
            Log.Recovered(Logger, Route.Name, Settled, ToResume.Count, PutBack, Forgotten, Closed, Strays);
    }

    /// <summary>What stands at a name, with its whole identity; none where nothing does.</summary>
    public static Identity Look(Fd folder, Name name, out FileStatus status) =>
        Stat.StatAt(folder, name, out status) == Errno.None ? Identity.Of(folder, name, status) : default;

    /// <summary>Makes the renames found (or made) so far durable, before the journal relies on them.</summary>
    public Errno SyncFolders()
    {
        foreach (Fd folder in (ReadOnlySpan<Fd>)[Folders.Vault.Folder, Folders.Target, Folders.Staging])
        {
            if (Unistd.Fsync(folder) is not Errno.None and var error)
                return error;
        }
        return Errno.None;
    }
}
