using SQLitePCL;

namespace AtomikD.Journal;

/// <summary>
/// A copy of the database in the making, by SQLite's online backup: what is committed between two steps, by the one connection there
/// is, goes into both. So it never begins anew, and at its end it is of that moment. For the thread that has the lead.
/// </summary>
internal sealed class StoreCopy : IDisposable
{
    private readonly sqlite3 _file;
    private sqlite3_backup? _backup;

    private StoreCopy(sqlite3 file) => _file = file;

    /// <param name="source">Its connection.</param>
    /// <param name="path">An empty file. SQLite opens it now and needs its name no more.</param>
    /// <exception cref="JournalException">It cannot be begun.</exception>
    public static StoreCopy Begin(sqlite3 source, string path)
    {
        int code = raw.sqlite3_open_v2(path, out sqlite3 file, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX, null);
        var copy = new StoreCopy(file);
        try
        {
            if (code != SqliteCode.Ok)
                throw Failed(code);
            // A copy that is not finished is worth nothing: no journal, no syncs, nobody to share it with.
            code = raw.sqlite3_exec(file, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000");
            if (code != SqliteCode.Ok)
                throw Failed(code);
            copy._backup = raw.sqlite3_backup_init(file, "main", source, "main");
            return copy._backup.IsInvalid ? throw Failed(raw.sqlite3_errcode(file)) : copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>Copies so many pages; true where these were the last.</summary>
    public bool Step(int pages) => raw.sqlite3_backup_step(_backup!, pages) switch
    {
        SqliteCode.Ok => false,
        SqliteCode.Done => true,
        int code => throw Failed(code),
    };

    public void Dispose()
    {
        if (_backup is { IsInvalid: false } backup)
            raw.sqlite3_backup_finish(backup);
        _backup = null;
        raw.sqlite3_close_v2(_file);
    }

    // Not the journal's own failure: it goes on.
    private static JournalException Failed(int code) =>
        new($"The copy of the journal failed: {raw.sqlite3_errstr(code).utf8_to_string()} (SQLite code {code}).", code);
}
