using AtomikD.Linux;

namespace AtomikD.Journal;

/// <summary>A copy of the journal while commits go on: nobody else could make one, because the file is locked for this process alone.</summary>
internal sealed partial class CommitJournal
{
    /// <summary>256 KiB: less than a millisecond, for which a commit may have to wait.</summary>
    private const int PagesAtOnce = 64;

    /// <summary>The copy is written out this often, or a commit's own sync would have to wait for all of it.</summary>
    private const int StepsToSync = 16;

    /// <summary>What is left to commits, always.</summary>
    private const long RoomToKeep = 2 * Reserve.Size;

    /// <summary>Only touched with the lead, and at the end.</summary>
    private StoreCopy? _copy;

    private int _isCopying;

    /// <summary>
    /// Blocks while it is made, in small steps between the transactions. The file has no name: it goes with its descriptor, or with
    /// this process. An ordinary database, as of the moment of return.
    /// </summary>
    /// <exception cref="JournalException">It cannot be made; the journal itself goes on.</exception>
    /// <exception cref="ObjectDisposedException">The journal was closed meanwhile.</exception>
    public Fd Copy(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _isCopying, 1) != 0)
            throw new JournalException("Another backup is under way. Wait for it.");
        try
        {
            NeedRoom(Between(() => _store.AskNumber("PRAGMA page_count") * _store.AskNumber("PRAGMA page_size")));
            return CopyInto(_folder.MakeCopyFile(), cancellation);
        }
        finally
        {
            Volatile.Write(ref _isCopying, 0);
        }
    }

    private Fd CopyInto(Fd file, CancellationToken cancellation)
    {
        try
        {
            try
            {
                Between(() => _copy = _store.BeginCopy(_folder.CopyPath));
                _folder.RemoveCopy();
                for (int steps = 1; !Between(() => _copy!.Step(PagesAtOnce)); steps++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (steps % StepsToSync != 0)
                        continue;
                    _ = Unistd.Fdatasync(file); // For the sake of the commits; whoever takes the copy syncs it for good.
                    NeedRoom(0);
                }
            }
            finally
            {
                _folder.RemoveCopy();
                EndCopy();
            }
            MakeOrdinary(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void EndCopy()
    {
        try
        {
            Between(() =>
            {
                _copy?.Dispose();
                return _copy = null;
            });
        }
        catch (ObjectDisposedException)
        {
            // Closing the journal has ended it.
        }
    }

    /// <summary>With a write-ahead log, as the header says of the journal, a reader would have to make one beside the file.</summary>
    private static void MakeOrdinary(Fd file)
    {
        const int versions = 18; // "File format write version" and "read version", a byte each: 1 is without a log.
        if (Unistd.Lseek(file, versions, Unistd.SEEK_SET, out _) is not Errno.None and var error
            || (error = Unistd.WriteAll(file, [1, 1])) != Errno.None)
            throw new JournalException($"The copy of the journal cannot be written: {error.Describe()}.");
    }

    private void NeedRoom(long bytes)
    {
        long free = _folder.FreeSpace();
        if (free < bytes + RoomToKeep)
        {
            throw new JournalException($"The disk of {_folder.Path} is too full: the copy is made there first, and takes {(bytes + RoomToKeep) >> 20} MiB more " +
                $"(with what is left to commits), but {free >> 20} MiB are free.", SqliteCode.Full);
        }
    }

    private T Between<T>(Func<T> work)
    {
        var call = new HandedBetween<T>(work);
        if (HandIn(call, mayLead: true) || call.WaitLeads())
            Lead();
        return call.Wait();
    }

    private void RunBetween(Handed handed)
    {
        try
        {
            handed.Error = null;
            handed.Run(_session);
        }
        catch (Exception e)
        {
            handed.Error = e;
        }
        handed.Finish(null);
    }
}
