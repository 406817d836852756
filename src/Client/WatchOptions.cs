namespace AtomikD.Client;

/// <summary>What a watch tells of, and from where on.</summary>
public sealed record WatchOptions
{
    /// <summary>Empty, the default: all routes that the caller may use.</summary>
    public IList<string> Routes { get; init; } = [];

    /// <summary>
    /// The <see cref="CommitEvent.Sequence"/> to go on after. Null, the default: from now on. One that the history does not reach
    /// back to: <see cref="WatchOutOfRangeException"/>.
    /// </summary>
    public long? AfterSequence { get; init; }

    /// <summary>
    /// First one event for the live version of each name, then what follows. Not together with <see cref="AfterSequence"/>.
    /// Default: false.
    /// </summary>
    public bool InitialLive { get; init; }

    /// <summary>
    /// Told once, when the watch stands: how many events for live versions come first (0 without <see cref="InitialLive"/>). Nothing
    /// that happens from then on is missed. Null, the default: nobody is told.
    /// </summary>
    public Action<int>? Began { get; init; }
}
