namespace AtomikD.Client;

/// <summary>
/// A request was refused by the daemon (<see cref="Reason"/> says why), the daemon was not reached, or it did not answer within
/// <see cref="AtomikClientOptions.Timeout"/>: then <see cref="Reason"/> is <see cref="AtomikReason.Unknown"/> and
/// <see cref="Exception.InnerException"/> is a <see cref="TimeoutException"/>. A caller's own cancellation is an
/// <see cref="OperationCanceledException"/> instead.
/// </summary>
public class AtomikException : Exception
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public AtomikException()
    {
    }

    /// <summary>Makes an exception whose reason is not known.</summary>
    /// <param name="message">What happened.</param>
    public AtomikException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception whose reason is not known.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public AtomikException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception; fakes of <see cref="IAtomikClient"/> throw such ones.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public AtomikException(AtomikReason reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Why. <see cref="AtomikReason.Unknown"/> where the daemon did not say.</summary>
    public AtomikReason Reason { get; init; }

    /// <summary>The same request may succeed later.</summary>
    public bool IsRetryable { get; init; }

    /// <summary>What to do now, for people; empty where nothing is known.</summary>
    public string Hint { get; init; } = "";

    /// <summary>Where the refused item is now, as a path on the daemon's host; null where there is none or it is not known.</summary>
    public string? ItemPath { get; init; }

    /// <summary>Name of the route that was meant; null where the daemon did not say.</summary>
    public string? Route { get; init; }

    /// <summary>Name in the target folder that was meant; null where the daemon did not say.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// No connection to the daemon was made. With <see cref="IsRetryable"/> it is not running, or not there; without, this process may
    /// not use its socket.
    /// </summary>
    public bool IsNotReached { get; init; }

    /// <summary>
    /// The request was sent, and whether it was done is not known. Ask again with the same <see cref="RequestId"/> to learn it:
    /// what was done already is answered, not done twice.
    /// </summary>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>The new version is live all the same: what failed came after.</summary>
    public bool IsPublished { get; init; }

    /// <summary>The id that the request was sent with; null for requests that have none.</summary>
    public string? RequestId { get; init; }
}
