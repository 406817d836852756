using System.Collections.Concurrent;
using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Routes;
using Microsoft.Extensions.Logging;

namespace AtomikD.Versions;

/// <summary>
/// Deletes the versions that policy no longer protects: never one that is held, mounted, or not its row's. Each method is
/// one step of work; who calls them decides when.
/// </summary>
internal sealed class Collector(CommitJournal journal, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<string, VaultMemory> _vaults = new();

    public MountedVersions Mounts { get; } = new(() => journal.Clock);

    /// <summary>
    /// One pass over one route: everything that was due when it began, then what is left in the trash. Another caller's pass
    /// over the same vault is waited for.
    /// </summary>
    /// <param name="now">Somebody waits for it: commits are given way for moments only.</param>
    public CollectResult Collect(Route route, OpenFolders folders, Lane lane, bool now, CancellationToken stop)
    {
        var result = CollectResult.Nothing;
        Work(folders, lane, now, (memory, pace) =>
        {
            var trash = new CollectorTrash(folders, memory, pace, journal, logger);
            var pass = new CollectorPass(route, folders, memory, pace, trash, journal, Mounts, logger);
            try
            {
                pass.Run();
                trash.Empty(Mounts);
            }
            finally
            {
                result = new CollectResult(pass.Deleted, trash.Bytes, pass.Spared);
            }
        }, stop);
        if (result.Deleted > 0)
            Log.Collected(logger, route.Name, result.Deleted, result.Bytes, result.Spared.Count);
        return result;
    }

    /// <summary>Deletes what earlier runs have left in the trash. Nothing else needs it done, so it may be long.</summary>
    public void EmptyTrash(OpenFolders folders, Lane lane, CancellationToken stop) =>
        Work(folders, lane, now: false, (memory, pace) => new CollectorTrash(folders, memory, pace, journal, logger).Empty(Mounts), stop);

    /// <summary>What ought to be gone from a vault and is not.</summary>
    public IReadOnlyCollection<StuckThing> StuckIn(string vaultId) => _vaults.TryGetValue(vaultId, out VaultMemory? memory) ? memory.Stuck : [];

    private void Work(OpenFolders folders, Lane lane, bool now, Action<VaultMemory, CollectorPace> work, CancellationToken stop)
    {
        if (!folders.TryAcquire())
            return;
        VaultMemory memory = _vaults.GetOrAdd(folders.Vault.Id, _ => new VaultMemory(time, logger));
        bool hasTurn = false;
        if (now)
            memory.Hurry();
        try
        {
            memory.Turn.Wait(stop);
            hasTurn = true;
            if (!memory.IsSuspect && folders.WhatChanged() is null)
                work(memory, new CollectorPace(folders, lane, () => memory.IsHurried, stop));
        }
        catch (OperationCanceledException)
        {
            // The rest is as safe where it is: the next pass, or the next start, goes on with it.
        }
        catch (JournalException e)
        {
            Log.JournalRefuses(logger, e.Message);
        }
        catch (IOException e)
        {
            Log.CannotLook(logger, folders.Vault.Path, e.Message);
        }
        finally
        {
            if (hasTurn)
                memory.Turn.Release();
            if (now)
                memory.HurryNoMore();
            folders.Release();
        }
    }
}
