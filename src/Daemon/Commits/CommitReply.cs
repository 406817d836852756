namespace AtomikD.Commits;

/// <summary>
/// Who waits for the answer of one call. What follows an answer never runs on a lane's thread; the answers of a batch share
/// work items of the pool, because to wake a thread for each costs more than all the rest of an answer.
/// </summary>
internal sealed class CommitReply
{
    private const int AtOnce = 16;

    // Continued by the thread that sets it: that is the pool's already.
    private readonly TaskCompletionSource<CommitResult> _source = new();

    public Task<CommitResult> Task => _source.Task;

    public void Set(CommitResult result) => SetAll([(this, result)]);

    /// <summary>There is nothing to answer.</summary>
    public void Cancel() => ThreadPool.UnsafeQueueUserWorkItem(static source => source.TrySetCanceled(), _source, preferLocal: false);

    public static void SetAll(IEnumerable<(CommitReply Reply, CommitResult Result)> replies)
    {
        foreach ((CommitReply Reply, CommitResult Result)[] chunk in replies.Chunk(AtOnce))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static chunk =>
            {
                foreach ((CommitReply reply, CommitResult result) in chunk)
                    reply._source.TrySetResult(result);
            }, chunk, preferLocal: false);
        }
    }
}
