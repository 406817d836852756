using System.Text;
using SQLitePCL;

namespace AtomikD.Journal;

/// <summary>
/// A prepared statement, used again and again: <see cref="Begin"/>, one <c>Add</c> per parameter in their order, then
/// <see cref="Run"/>, or <see cref="Next"/> per row and one <c>Read</c> per column in their order.
/// Nothing is bound as NULL, and NULL is read as nothing.
/// </summary>
internal sealed class Statement : IDisposable
{
    private const int StackText = 512;

    private readonly Store _store;
    private readonly sqlite3_stmt _statement;
    private int _parameter;
    private int _column;
    private bool _running;

    public Statement(Store store, sqlite3_stmt statement)
    {
        _store = store;
        _statement = statement;
    }

    public Statement Begin()
    {
        if (_running)
            Reset();
        _parameter = 0;
        return this;
    }

    public Statement Add(long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, ++_parameter, value));
        return this;
    }

    public Statement Add(bool value) => Add(value ? 1L : 0L);

    public Statement AddNull()
    {
        Check(raw.sqlite3_bind_null(_statement, ++_parameter));
        return this;
    }

    public Statement Add(string? text)
    {
        if (text is null)
            return AddNull();
        if (text.Length == 0)
        {
            // An empty span has no address, and no address is NULL.
            Check(raw.sqlite3_bind_text(_statement, ++_parameter, ""));
            return this;
        }
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> bytes = most <= StackText ? stackalloc byte[StackText] : new byte[most];
        int length = Encoding.UTF8.GetBytes(text, bytes);
        ReadOnlySpan<byte> used = bytes[..length];
        Check(raw.sqlite3_bind_text(_statement, ++_parameter, used));
        return this;
    }

    /// <summary>Nothing is NULL.</summary>
    public Statement Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return AddNull();
        Check(raw.sqlite3_bind_blob(_statement, ++_parameter, bytes));
        return this;
    }

    /// <summary>For a column that is never NULL: nothing is an empty blob.</summary>
    public Statement AddBlob(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
            return Add(bytes);
        Check(raw.sqlite3_bind_zeroblob(_statement, ++_parameter, 0));
        return this;
    }

    /// <summary>Runs a statement that gives no rows, and tells how many it changed (those of triggers not counted).</summary>
    public int Run()
    {
        while (Next())
        {
        }
        return _store.Changes;
    }

    /// <summary>The next row; false after the last.</summary>
    public bool Next()
    {
        _running = true;
        _column = 0;
        int code = raw.sqlite3_step(_statement);
        if (code == SqliteCode.Row)
            return true;
        JournalException? error = code == SqliteCode.Done ? null : _store.Failed(code);
        Reset();
        return error is null ? false : throw error;
    }

    /// <summary>Ends a reading that has not come to its last row.</summary>
    public void Reset()
    {
        _running = false;
        // Only repeats the error of the last step.
        raw.sqlite3_reset(_statement);
    }

    public long ReadLong() => raw.sqlite3_column_int64(_statement, _column++);

    public bool ReadBool() => ReadLong() != 0;

    public ReadOnlySpan<byte> ReadBytes() => raw.sqlite3_column_blob(_statement, _column++);

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    public string? ReadTextOrNull()
    {
        if (!IsNull)
            return ReadText();
        _column++;
        return null;
    }

    /// <summary>Whether the next column is NULL; reads nothing.</summary>
    public bool IsNull => raw.sqlite3_column_type(_statement, _column) == raw.SQLITE_NULL;

    public void Skip(int columns) => _column += columns;

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code != SqliteCode.Ok)
            throw _store.Failed(code);
    }
}
