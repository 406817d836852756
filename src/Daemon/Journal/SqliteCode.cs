namespace AtomikD.Journal;

/// <summary>The result codes of sqlite3.h that are told apart here.</summary>
internal static class SqliteCode
{
    public const int Ok = 0;
    public const int Error = 1;
    public const int IoErr = 10;
    public const int Corrupt = 11;
    public const int Full = 13;
    public const int TooBig = 18;
    public const int Constraint = 19;
    public const int Mismatch = 20;
    public const int Misuse = 21;
    public const int Range = 25;
    public const int NotADatabase = 26;
    public const int Row = 100;
    public const int Done = 101;

    /// <summary>The statement was wrong, not the file or the disk: it concerns nobody else in the transaction.</summary>
    public static bool IsOfTheStatement(int code) => (code & 0xFF) is Error or TooBig or Constraint or Mismatch or Misuse or Range;

    public static bool IsDamage(int code) => (code & 0xFF) is Corrupt or NotADatabase;
}
