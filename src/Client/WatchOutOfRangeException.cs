namespace AtomikD.Client;

/// <summary>
/// The history does not reach back to where the watch was to go on (it is kept for <c>HistoryKeepFor</c>), or that sequence was
/// never given. Begin anew with <see cref="WatchOptions.InitialLive"/>.
/// </summary>
public sealed class WatchOutOfRangeException : AtomikException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public WatchOutOfRangeException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    public WatchOutOfRangeException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public WatchOutOfRangeException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The last sequence that was seen; null where there was none.</summary>
    public long? AfterSequence { get; init; }
}
