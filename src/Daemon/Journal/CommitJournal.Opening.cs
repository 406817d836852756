using AtomikD.Linux;
using Microsoft.Extensions.Logging;

namespace AtomikD.Journal;

internal sealed partial class CommitJournal
{
    /// <summary>Opens the journal of a state folder, or makes one. Throws JournalException.</summary>
    /// <param name="bootTime">CLOCK_BOOTTIME, unless a test says otherwise.</param>
    public static CommitJournal Open(string stateDirectory, TimeProvider time, BootInfo boot, ILogger logger, Func<TimeSpan>? bootTime = null)
    {
        StateFolder folder = StateFolder.Take(stateDirectory);
        Store? store = null;
        try
        {
            string? setAside = null;
            bool isNew;
            try
            {
                store = OpenStore(folder, out isNew);
            }
            catch (JournalException e) when (SqliteCode.IsDamage(e.Code))
            {
                setAside = folder.SetJournalAside();
                JournalLog.SetAside(logger, e.Message, setAside);
                store = OpenStore(folder, out isNew);
            }
            if (isNew)
                JournalLog.Made(logger, folder.JournalPath);
            return new CommitJournal(folder, store, time, boot, logger, bootTime ?? (() => Time.Now(Time.CLOCK_BOOTTIME)))
            {
                IsNew = isNew,
                WasSetAside = setAside,
            };
        }
        catch
        {
            store?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    private CommitJournal(StateFolder folder, Store store, TimeProvider time, BootInfo boot, ILogger logger, Func<TimeSpan> bootTime)
    {
        _folder = folder;
        _store = store;
        _time = time;
        _logger = logger;
        _bootTime = bootTime;
        _openedAt = bootTime();
        _session = new JournalSession(store);
        _reserve = new Reserve(folder.Path, logger);
        _reserve.Make();

        DateTimeOffset now = time.GetUtcNow();
        Statement row = store.Prepare("SELECT clock, last_sequence, last_slot, boot, seen_at, stopped_at, earlier_synced_at FROM state").Begin();
        if (!row.Next())
            throw new JournalException($"The journal {store.Path} has lost its state; move it away, and a new one will be made.");
        _savedClock = TimeSpan.FromTicks(row.ReadLong());
        long sequence = row.ReadLong();
        _lastSlot = row.ReadLong();
        string? previousBoot = row.ReadTextOrNull();
        DateTimeOffset seen = DateTimeOffset.UnixEpoch.AddTicks(row.ReadLong());
        DateTimeOffset? stopped = ReadTime(row);
        DateTimeOffset? earlierSynced = ReadTime(row);
        row.Reset();

        if (previousBoot != boot.Id)
            earlierSynced = stopped;
        Previous = new PreviousRun(previousBoot, seen, stopped) { EarlierBootSyncedAt = earlierSynced };

        // Sequences grow over every start, even where an older journal was put back; a new one begins above all that ever were.
        bool first = sequence == 0;
        _session.LeastSequence = Microseconds(now);
        _session.LastSequence = _lastSequence = first ? Microseconds(now) - 1 : sequence;

        _begin = store.Prepare("BEGIN IMMEDIATE");
        _commit = store.Prepare("COMMIT");
        _rollback = store.Prepare("ROLLBACK");
        _savepoint = store.Prepare("SAVEPOINT one");
        _release = store.Prepare("RELEASE one");
        _rollbackTo = store.Prepare("ROLLBACK TO one");
        _syncs = true;

        _savedAt = _openedAt;

        Exception? failure = null;
        Commit([new FirstWords(session =>
        {
            session.BeginRun(boot.Id, now, earlierSynced);
            if (first)
                session.RaiseHistoryFrom(session.LastSequence);
        }, e => failure = e)]);
        if (failure is not null)
            throw failure as JournalException ?? new JournalException($"The journal {store.Path} cannot be begun: {failure.Message}", inner: failure);
        folder.Sync();

        _thread = new Thread(Loop) { IsBackground = true, Name = "journal" };
        _thread.Start();
    }

    private static Store OpenStore(StateFolder folder, out bool isNew)
    {
        bool missing = !File.Exists(folder.JournalPath);
        if (missing)
            folder.MakeJournalFile();
        Store store = Store.Open(folder.JournalPath);
        try
        {
            // Exclusive: the log's index needs no shared memory, and nobody's shell can stand in the way of a commit.
            store.Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000");
            long version = store.AskNumber("PRAGMA user_version");
            long id = store.AskNumber("PRAGMA application_id");
            bool empty = version == 0 && id == 0 && store.AskNumber("SELECT count(*) FROM sqlite_master") == 0;
            if (!empty && id != Schema.ApplicationId)
                throw new JournalException($"The journal {store.Path} failed: it is a database, but not a journal.", SqliteCode.NotADatabase);
            if (version > Schema.Version)
            {
                throw new JournalException($"The journal {store.Path} was written by a newer version of the daemon (schema {version}, " +
                    $"this one knows {Schema.Version}). Run that version, or move the file away to begin a new journal.");
            }
            string mode = store.AskText("PRAGMA journal_mode = WAL");
            if (mode != "wal")
                throw new JournalException($"The journal {store.Path} cannot keep a log on this file system (mode {mode}).");
            store.Execute("PRAGMA journal_size_limit = 33554432; PRAGMA synchronous = FULL");
            if (!empty)
            {
                string check = store.AskText("PRAGMA quick_check(1)");
                if (check != "ok")
                    throw new JournalException($"The journal {store.Path} failed: {check}", SqliteCode.Corrupt);
            }
            if (version < Schema.Version)
                Schema.Upgrade(store, version);
            isNew = empty;
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    private static DateTimeOffset? ReadTime(Statement row)
    {
        if (!row.IsNull)
            return DateTimeOffset.UnixEpoch.AddTicks(row.ReadLong());
        row.Skip(1);
        return null;
    }
}
