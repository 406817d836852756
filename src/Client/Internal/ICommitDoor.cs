namespace AtomikD.Client.Internal;

/// <summary>A way to ask for the commit of what stands in a staging folder.</summary>
internal interface ICommitDoor
{
    Task<CommittedVersion> CommitAsync(string route, string path, string name, CommitOptions options, CancellationToken cancellationToken);

    /// <summary>Takes a request back that nobody has begun to serve.</summary>
    void Withdraw(string path);
}
