using System.Collections.Concurrent;
using AtomikD.Commits.Steps;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Staging;
using AtomikD.Telemetry;

namespace AtomikD.Commits;

/// <summary>
/// The last step: acknowledge. While others are on their way behind a durable batch, a third thread does it, so that their
/// publish does not wait for markers. For a batch that is alone another thread would only come later.
/// </summary>
internal sealed partial class Lane
{
    /// <summary>Settled, and to be told.</summary>
    private readonly BlockingCollection<List<Commit>> _settled = [];

    private void TellLoop()
    {
        while (_settled.TryTake(out List<Commit>? batch, Timeout.Infinite))
        {
            _tell.Begin();
            TellOrDrop(batch, _tell);
            _tell.Rest();
        }
    }

    private void TellOrPassOn(List<Commit> batch)
    {
        bool isAlone = InWork == batch.Count;
        if (isAlone || !HasTeller)
            Tell(batch, _publisher!);
        else
            _settled.Add(batch);
    }

    /// <summary>Without syncs, which leave the processors to others, a third thread gains nothing.</summary>
    private bool HasTeller => _services.IsPipelined && Durability == Durability.Full && !_settled.IsAddingCompleted;

    private void TellOrDrop(List<Commit> batch, WorkPulse pulse)
    {
        try
        {
            Tell(batch, pulse);
        }
        catch (Exception e)
        {
            Log.UnexpectedInLane(_services.Logger, e);
            string fault = $"an unexpected error after a publish: {e.Message}";
            Stop(fault);
            Drop(batch, fault);
        }
    }

    private void Tell(List<Commit> batch, WorkPulse pulse)
    {
        SharedStep? acknowledging = SharedStep.Begin(CommitStep.Acknowledge, batch.FindAll(commit => !commit.IsRetold));
        var told = new Dictionary<Commit, (Told Told, Errno Error)>();
        Step7Acknowledge.Run(batch, _services, _renames, pulse, told);
        acknowledging?.End();
        _services.Step?.Invoke("acknowledged");
        var replies = new List<(CommitReply, CommitResult)>();
        pulse.Beat();
        foreach (Commit commit in batch)
            Finish(commit, told.TryGetValue(commit, out (Told, Errno) how) ? how : (Told.Yes, Errno.None), replies);
        CommitReply.SetAll(replies);
    }

    private void Finish(Commit commit, (Told Told, Errno Error) how, List<(CommitReply, CommitResult)> replies)
    {
        if (commit.Again is not null)
        {
            Withdraw(commit);
            return;
        }
        LeaveWork(commit);
        commit.Root?.Dispose();
        commit.Root = null;
        if (how.Told == Told.Stuck)
        {
            if (commit.Route.Stuck.Add(commit, commit.Marker!.Identity))
                Log.MarkerStuck(_services.Logger, commit.Folders.ItemPath(ItemNames.MarkerOf(commit.Source)), commit.Refusal?.Reason.WireName() ?? "committed", how.Error.Describe());
            commit.Folders.Release();
        }
        else
        {
            // A newer outcome has been told: the next start must not tell the older one over it.
            if (commit.Marker is not null && commit.Route.Stuck.Remove(commit.Source) is { } older && older.Id != commit.Id)
                _services.Journal.Post(session => session.Close(older.Id));
            Close(commit);
            if (how.Told == Told.YesAndNewRequest && !Inbox.TryAddMarker(commit.Route, commit.Source.Bytes, Discovery.Found))
                commit.Route.NeedScan();
        }
        FreeNames(commit);
        if (commit.IsRetold)
            return;
        if (commit.Refusal is null)
            commit.Route.CountCommit(_services.Time.GetUtcNow());
        else
            commit.Route.CountFailure(_services.Time.GetUtcNow());
        try
        {
            _services.Finished(commit);
        }
        catch (Exception e)
        {
            Log.Unexpected(_services.Logger, commit.Route.Name, commit.Source.ToString(), e);
        }
        if (commit.Reply is { } reply)
            replies.Add((reply, new CommitResult(commit.Version ?? commit.Repeats, commit.Repeats is not null, commit.Refusal, commit.ItemIsAt)));
    }

    private void Close(Commit commit)
    {
        if (commit.Unclosed is null)
        {
            commit.Folders.Release();
            return;
        }
        if (commit is { IsPublished: true, Intent.CrossDevice: true })
            Beside(() =>
            {
                // A large tree takes its time.
                CrossDeviceCopy.DeleteSource(commit.Folders, commit.SlotName);
                _closings.Add(commit.Folders, commit.Id);
            });
        else
            _closings.Add(commit.Folders, commit.Id);
    }
}
