namespace AtomikD.Journal;

/// <summary>The journal could not be opened, or could not take a transaction. The message names the file and SQLite's own code.</summary>
internal sealed class JournalException : Exception
{
    public JournalException(string message, int code = 0, Exception? inner = null) : base(message, inner) => Code = code;

    /// <summary>SQLite's extended result code; 0 where the error is not SQLite's.</summary>
    public int Code { get; }

    public int PrimaryCode => Code & 0xFF;
}
