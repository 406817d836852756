namespace AtomikD.Client.Internal;

internal sealed class DelegateDoor(Func<string, string, CommitOptions, CancellationToken, Task<CommittedVersion>> commit) : ICommitDoor
{
    public Task<CommittedVersion> CommitAsync(string route, string path, string name, CommitOptions options, CancellationToken cancellationToken) =>
        commit(path, name, options, cancellationToken);

    public void Withdraw(string path)
    {
    }
}
