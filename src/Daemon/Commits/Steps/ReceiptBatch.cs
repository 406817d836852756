using System.Collections.Concurrent;
using AtomikD.Linux;
using AtomikD.Staging;

namespace AtomikD.Commits.Steps;

/// <summary>
/// Tells the outcomes of a batch: all receipts are written, then synced several at a time (the file system makes one of
/// their syncs), then renamed into place.
/// </summary>
internal static class ReceiptBatch
{
    /// <summary>Receipts that are open at once.</summary>
    private const int Piece = 256;

    public static void Write(List<Commit> commits, int syncWorkers, Action<Commit, Errno> told)
    {
        foreach (Commit[] piece in commits.Chunk(Piece))
            WritePiece(piece, syncWorkers, told);
    }

    private static void WritePiece(Commit[] commits, int syncWorkers, Action<Commit, Errno> told)
    {
        var made = new (Fd? File, Errno Error)[commits.Length];
        for (int i = 0; i < commits.Length; i++)
        {
            if (commits[i].Unclosed!.Receipt is not { } text)
                continue;
            made[i].Error = Receipts.Make(commits[i].Folders, commits[i].Id, text, out Fd file);
            made[i].File = file;
        }
        Sync(commits, made, syncWorkers);
        for (int i = 0; i < commits.Length; i++)
        {
            Commit commit = commits[i];
            made[i].File?.Dispose();
            told(commit, Receipts.Place(commit.Folders, commit.Id, commit.Source, commit.Refusal is null, made[i].File is not null, made[i].Error));
        }
    }

    private static void Sync(Commit[] commits, (Fd? File, Errno Error)[] made, int syncWorkers)
    {
        List<int> unsynced = [.. Enumerable.Range(0, commits.Length).Where(i => made[i] is { File: not null, Error: Errno.None } && Step6Settle.IsDurable(commits[i]))];
        if (unsynced.Count <= 1 || syncWorkers <= 1)
            unsynced.ForEach(SyncOne);
        else
            Parallel.ForEach(Partitioner.Create(unsynced), new ParallelOptions { MaxDegreeOfParallelism = syncWorkers }, SyncOne);

        void SyncOne(int i) => made[i].Error = Unistd.Fsync(made[i].File!);
    }
}
