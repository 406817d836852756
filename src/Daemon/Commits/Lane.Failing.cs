using AtomikD.Commits.Steps;

namespace AtomikD.Commits;

/// <summary>What keeps an item's trouble its own, and what happens when the lane itself has to end.</summary>
internal sealed partial class Lane
{
    /// <summary>Before the publish, an error that nobody foresaw fails the item that brought it about, and no other.</summary>
    private void Guard(Commit commit, Action<Commit> step)
    {
        try
        {
            step(commit);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Unexpected(commit, e);
        }
    }

    private void Unexpected(Commit commit, Exception e)
    {
        Log.Unexpected(_services.Logger, commit.Route.Name, commit.Source.ToString(), e);
        commit.Again = null;
        commit.Refusal = Refusal.Unexpected(e);
        Step3Claim.PutBack(commit);
    }

    /// <summary>
    /// The folders are no longer where the paths lead: what would be published now, nobody would see. What cannot be put back
    /// either keeps its intent, and is recovered when the route's folders come.
    /// </summary>
    private void Retreat(IEnumerable<Commit> group, string changed)
    {
        foreach (Commit commit in group)
        {
            _services.FoldersLost(commit.Route, changed);
            Step3Claim.PutBack(commit);
            if (commit.IsUpload)
            {
                commit.Refusal = new Refusal(Reason.Busy, $"Route {commit.Route.Name} has stopped: {changed}.", "Upload again once its folders are right.");
                continue;
            }
            if (!commit.IsClaimed)
            {
                commit.Again = s_journalDelay;
                continue;
            }
            LeaveWork(commit);
            LetGo(commit);
            FreeNames(commit);
            Answer(commit, new Refusal(Reason.Busy, $"Route {commit.Route.Name} has stopped: {changed}.", "Ask again once its folders are right."));
        }
    }

    private void Stop(string why)
    {
        _fault = why;
        Log.LaneStopped(_services.Logger, why);
    }

    /// <summary>
    /// After the lane has ended, or while it ends: nothing more is done with these. What is published stays live, what is
    /// claimed stays in its slot, the markers stay: the next start decides by identity.
    /// </summary>
    private void Drop(List<Commit> batch, string why)
    {
        foreach (Commit commit in batch.Where(commit => commit.IsInWork))
        {
            LeaveWork(commit);
            LetGo(commit);
            Answer(commit, new Refusal(Reason.IoError, why, "Ask for the version that is live after the next start.")
            {
                IsPublished = commit.IsPublished,
                IsRetryable = false,
            });
        }
    }

    /// <summary>A call that does not come to its end. A marker stays, and is heard of again.</summary>
    private void Answer(Commit commit, Refusal refusal)
    {
        if (commit.Reply is not { } reply)
            return;
        _services.Metrics?.Decided(commit, refusal.Reason);
        _services.Spans.Finished(commit, refusal);
        reply.Set(new CommitResult(null, false, refusal, null));
    }
}
