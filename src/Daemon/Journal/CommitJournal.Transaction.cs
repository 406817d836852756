using AtomikD.Versions;

namespace AtomikD.Journal;

/// <summary>Of the thread that has the lead.</summary>
internal sealed partial class CommitJournal
{
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _savepoint;
    private readonly Statement _release;
    private readonly Statement _rollbackTo;

    private bool _syncs;
    private bool _logIsSuspect;

    private void Commit(List<Handed> batch)
    {
        JournalException? failure = Attempt(batch);
        if (failure is { PrimaryCode: SqliteCode.Full } && _reserve.GiveUp())
            failure = Attempt(batch);
        if (failure is not null)
        {
            JournalLog.TransactionFailed(_logger, batch.Count, failure);
            NoteDiskError(failure);
        }
        foreach (Handed handed in batch)
            handed.Finish(failure);
    }

    private JournalException? Attempt(List<Handed> batch)
    {
        _store.ForgetFailure();
        try
        {
            GoBack();
            RenewLog();
            SetSyncs(batch.Exists(handed => handed.Durable));
            int changesBefore = _store.TotalChanges;
            _begin.Begin().Run();
            _session.Open(Clock);
            if (batch.Count == 1)
            {
                if (!RunAlone(batch[0]))
                    return null;
            }
            else
            {
                foreach (Handed handed in batch)
                    RunOne(handed);
            }
            if (_store.TotalChanges != changesBefore)
            {
                _session.SaveState(_time.GetUtcNow(), LastSlot);
                _savedAt = _bootTime();
            }
            _commit.Begin().Run();
            Volatile.Write(ref _lastSequence, _session.LastSequence);
            return null;
        }
        catch (Exception e)
        {
            // Whatever it is, the thread goes on, and those who wait are told.
            GoBack();
            return e as JournalException ?? new JournalException($"The journal {_store.Path} failed: {e.Message}", inner: e);
        }
        finally
        {
            _session.Close();
        }
    }

    // Needs no savepoint, which would keep a copy of every page that is changed. False: it threw, and all was undone.
    private bool RunAlone(Handed handed)
    {
        try
        {
            handed.Error = null;
            handed.Run(_session);
            _session.SaveCounts();
        }
        catch (Exception e) when (_store.Failure is null)
        {
            handed.Error = e;
            GoBack();
            return false;
        }
        catch (Exception)
        {
            // The store's own error, told below.
        }
        return _store.Failure is { } failure ? throw failure : true;
    }

    // Each in a savepoint of its own: what one throws undoes only its own writing.
    private void RunOne(Handed handed)
    {
        _savepoint.Begin().Run();
        try
        {
            handed.Error = null;
            handed.Run(_session);
            _session.SaveCounts();
        }
        catch (Exception e) when (_store.Failure is null)
        {
            handed.Error = e;
            _rollbackTo.Begin().Run();
            _session.WentBack();
        }
        catch (Exception)
        {
            // The store's own error, told below.
        }
        if (_store.Failure is { } failure)
            throw failure;
        _release.Begin().Run();
    }

    private void GoBack()
    {
        if (!_store.InTransaction)
        {
            _session.WentBack();
            return;
        }
        try
        {
            _rollback.Begin().Run();
        }
        catch (JournalException)
        {
            // Tried again before the next transaction; the error that led here is the one to tell.
        }
        _session.WentBack();
    }

    private void SetSyncs(bool syncs)
    {
        if (_syncs == syncs)
            return;
        _store.Execute(syncs ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        _syncs = syncs;
    }

    // After a failed sync the kernel holds the log's pages for written when they are not. All that is committed is written
    // anew, into the file, before anything else is said to be on the disk.
    private void RenewLog()
    {
        if (!_logIsSuspect)
            return;
        if (_store.Checkpoint(truncate: true) is { } error)
            throw error;
        _logIsSuspect = false;
        _logPages = 0;
    }

    private void NoteDiskError(JournalException error) => _logIsSuspect |= error.PrimaryCode == SqliteCode.IoErr;
}
