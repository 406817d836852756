using Microsoft.Extensions.Logging;

namespace AtomikD.Commits;

/// <summary>What the commit path logs. Nothing per commit above Debug but failures.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Error, "Nothing more is published on this file system: {Why}")]
    public static partial void LaneStopped(ILogger logger, string why);

    [LoggerMessage(101, LogLevel.Error, "The journal cannot be written, commits wait: {Why}")]
    public static partial void JournalRefuses(ILogger logger, string why);

    [LoggerMessage(102, LogLevel.Warning, "{Marker} stays: its outcome ({Outcome}) cannot be told: {Why}. It is tried again.")]
    public static partial void MarkerStuck(ILogger logger, string marker, string outcome, string why);

    [LoggerMessage(103, LogLevel.Error, "A staging folder cannot be synced, its results stay open in the journal: {Why}")]
    public static partial void StagingNotSynced(ILogger logger, string why);

    [LoggerMessage(104, LogLevel.Debug, "Committed {Route}/{Name} version {Version}")]
    public static partial void Committed(ILogger logger, string route, string name, long version);

    [LoggerMessage(106, LogLevel.Error, "An unexpected error with {Route}/{Name}")]
    public static partial void Unexpected(ILogger logger, string route, string name, Exception e);

    [LoggerMessage(107, LogLevel.Error, "An unexpected error on a lane")]
    public static partial void UnexpectedInLane(ILogger logger, Exception e);

    [LoggerMessage(105, LogLevel.Warning, "Refused {Route}/{Name}: {Reason}: {Message}")]
    public static partial void Refused(ILogger logger, string route, string name, string reason, string message);
}
