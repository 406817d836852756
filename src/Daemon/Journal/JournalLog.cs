using Microsoft.Extensions.Logging;

namespace AtomikD.Journal;

internal static partial class JournalLog
{
    [LoggerMessage(600, LogLevel.Error, "The journal was damaged ({Damage}). It was set aside as {Path} and a new one begun; the daemon goes on by what vaults and targets show.")]
    public static partial void SetAside(ILogger logger, string damage, string path);

    [LoggerMessage(601, LogLevel.Information, "A new journal was made: {Path}.")]
    public static partial void Made(ILogger logger, string path);

    [LoggerMessage(602, LogLevel.Error, "The journal could not take a transaction of {Count} pieces of work; they are told, and the next one is tried.")]
    public static partial void TransactionFailed(ILogger logger, int count, Exception error);

    [LoggerMessage(603, LogLevel.Error, "Work that nobody waits for was not recorded in the journal.")]
    public static partial void PostFailed(ILogger logger, Exception error);

    [LoggerMessage(604, LogLevel.Warning, "The disk of the journal is full: its reserve {Path} was given up. Free space there.")]
    public static partial void ReserveGivenUp(ILogger logger, string path);

    [LoggerMessage(605, LogLevel.Information, "The journal has its reserve {Path} again.")]
    public static partial void ReserveMade(ILogger logger, string path);

    [LoggerMessage(606, LogLevel.Warning, "The journal's log could not be moved into its file; it will be tried again.")]
    public static partial void CheckpointFailed(ILogger logger, Exception error);
}
