using SQLitePCL;

namespace AtomikD.Journal;

/// <summary>The one connection to the database file, for one thread at a time.</summary>
internal sealed class Store : IDisposable
{
    private const int CacheWrite = 9; // SQLITE_DBSTATUS_CACHE_WRITE
    private const int Truncate = 3;   // SQLITE_CHECKPOINT_TRUNCATE
    private const int Passive = 0;    // SQLITE_CHECKPOINT_PASSIVE

    private readonly sqlite3 _db;
    private readonly List<Statement> _statements = [];

    static Store() => Batteries_V2.Init();

    private Store(string path, sqlite3 db)
    {
        Path = path;
        _db = db;
    }

    public string Path { get; }

    /// <summary>An error of the file or the disk since the last <see cref="ForgetFailure"/>; the transaction must go.</summary>
    public JournalException? Failure { get; private set; }

    public int Changes => raw.sqlite3_changes(_db);

    public int TotalChanges => raw.sqlite3_total_changes(_db);

    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    /// <summary>Throws for a file that cannot be opened; whether it is a database shows at the first reading.</summary>
    public static Store Open(string path)
    {
        int code = raw.sqlite3_open_v2(path, out sqlite3 db,
            raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null);
        var store = new Store(path, db);
        if (code == SqliteCode.Ok)
        {
            raw.sqlite3_extended_result_codes(db, 1);
            raw.sqlite3_wal_autocheckpoint(db, 0);
            return store;
        }
        JournalException error = store.Failed(code);
        store.Dispose();
        throw error;
    }

    public Statement Prepare(string sql)
    {
        int code = raw.sqlite3_prepare_v3(_db, sql, raw.SQLITE_PREPARE_PERSISTENT, out sqlite3_stmt statement);
        if (code != SqliteCode.Ok)
            throw Failed(code);
        var prepared = new Statement(this, statement);
        _statements.Add(prepared);
        return prepared;
    }

    /// <summary>Several statements, their rows ignored.</summary>
    public void Execute(string sql)
    {
        int code = raw.sqlite3_exec(_db, sql);
        if (code != SqliteCode.Ok)
            throw Failed(code);
    }

    /// <summary>First column of the first row.</summary>
    public string AskText(string sql)
    {
        int code = raw.sqlite3_prepare_v2(_db, sql, out sqlite3_stmt statement);
        if (code != SqliteCode.Ok)
            throw Failed(code);
        using var asked = new Statement(this, statement);
        return asked.Begin().Next() ? asked.ReadText() : "";
    }

    public long AskNumber(string sql) => long.TryParse(AskText(sql), out long number) ? number : 0;

    /// <summary>The exception for a result code.</summary>
    public JournalException Failed(int code)
    {
        int extended = raw.sqlite3_extended_errcode(_db);
        if ((extended & 0xFF) != (code & 0xFF))
            extended = code;
        var error = new JournalException(
            $"The journal {Path} failed: {raw.sqlite3_errmsg(_db).utf8_to_string()} (SQLite code {extended}).", extended);
        if (!SqliteCode.IsOfTheStatement(extended))
            Failure ??= error;
        return error;
    }

    public void ForgetFailure() => Failure = null;

    /// <summary>Pages written to the log since the last call.</summary>
    public int TakeWrittenPages()
    {
        return raw.sqlite3_db_status(_db, CacheWrite, out int written, out _, 1) == SqliteCode.Ok ? written : 0;
    }

    /// <summary>Moves the log into the file. An error leaves all in the log.</summary>
    public JournalException? Checkpoint(bool truncate)
    {
        int code = raw.sqlite3_wal_checkpoint_v2(_db, "main", truncate ? Truncate : Passive, out _, out _);
        return code == SqliteCode.Ok ? null : Failed(code);
    }

    /// <summary>Begins a copy into an empty file.</summary>
    public StoreCopy BeginCopy(string path) => StoreCopy.Begin(_db, path);

    /// <summary>Gives back the memory of pages that are only kept in case.</summary>
    public void Shrink() => raw.sqlite3_exec(_db, "PRAGMA shrink_memory");

    public void Dispose()
    {
        foreach (Statement statement in _statements)
            statement.Dispose();
        _statements.Clear();
        raw.sqlite3_close_v2(_db);
    }
}
