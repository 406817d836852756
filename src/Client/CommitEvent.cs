namespace AtomikD.Client;

/// <summary>A commit, a rollback or a removal, as <see cref="IAtomikClient.WatchAsync"/> tells it.</summary>
public sealed record CommitEvent
{
    /// <summary>
    /// To go on after this event later, keep it and put it into <see cref="WatchOptions.AfterSequence"/>. Of an initial event: where
    /// the changes begin that follow the initial ones.
    /// </summary>
    public required long Sequence { get; init; }

    /// <summary>What is live now; for <see cref="CommitOperation.Remove"/>, what was taken down.</summary>
    public required CommittedVersion Version { get; init; }

    /// <summary>What happened.</summary>
    public CommitOperation Operation { get; init; }

    /// <summary>One of the versions that were live at the beginning (<see cref="WatchOptions.InitialLive"/>).</summary>
    public bool IsInitial { get; init; }
}

/// <summary>What made a version live, or took it down.</summary>
public enum CommitOperation
{
    /// <summary>Not known to this version of the library.</summary>
    Unknown = 0,

    /// <summary>A new version was put live.</summary>
    Commit,

    /// <summary>A retained version was put live again, under a new number.</summary>
    Rollback,

    /// <summary>The name was taken down.</summary>
    Remove,
}
