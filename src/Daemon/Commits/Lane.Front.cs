using AtomikD.Commits.Steps;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Routes;
using AtomikD.Telemetry;

namespace AtomikD.Commits;

/// <summary>The first part: admit, intend, claim, seal.</summary>
internal sealed partial class Lane
{
    private static readonly TimeSpan s_journalDelay = TimeSpan.FromSeconds(1);

    private readonly List<Commit> _due = [];
    private readonly HashSet<Commit> _working = [];
    private int _inWork;
    private long _entered;
    private int _durableInWork;

    private void FrontLoop()
    {
        while (!_isStopping)
        {
            _front.Rest();
            Inbox.Wait(Room.NextDue());
            _front.Begin();
            while (!_isStopping && TryAdmitBatch())
            {
            }
        }
    }

    private bool TryAdmitBatch()
    {
        try
        {
            return AdmitBatch();
        }
        catch (Exception e)
        {
            Log.UnexpectedInLane(_services.Logger, e);
            Stop($"an unexpected error: {e.Message}");
            return false;
        }
    }

    /// <summary>Takes what waits through the first four steps; false where nothing waits.</summary>
    internal bool AdmitBatch()
    {
        WaitForRoom();
        Room.TakeDue(_due);
        _due.ForEach(Inbox.Add);
        _due.Clear();
        if (_fault is { } fault)
        {
            foreach (Commit commit in Inbox.TakeReady())
            {
                FreeNames(commit);
                Answer(commit, new Refusal(Reason.IoError, $"Nothing is published on this file system now: {fault}.", "Start the daemon again once the cause is gone."));
            }
            return false;
        }
        var batch = new List<Commit>();
        Inbox.Take(batch, Math.Min(Share(Inbox.Count), _services.InWorkLimit));
        if (batch.Count == 0)
            return false;
        var ready = new List<Commit>();
        var decided = new List<Commit>();
        foreach (IGrouping<Route, Commit> group in batch.GroupBy(commit => commit.Route))
            Admit(group.Key, group, ready, decided);
        if (ready.Count > 0 && Intend(ready) is { Count: > 0 } intended)
        {
            _services.Step?.Invoke("intended");
            ClaimAndSeal(intended, decided);
        }
        if (CanPublishHere())
            PublishHere(decided);
        else
            HandOver(decided);
        return true;
    }

    /// <summary>
    /// Syncs are shared by a batch, so a durable one takes all. Without them a part is better: callers that ask again when
    /// they are answered would all wait for the same step at the same time, and both threads for each other.
    /// </summary>
    private int Share(int waiting) => Durability == Durability.Full ? BatchLimit : Math.Clamp(waiting / 4, SmallBatch, BatchLimit);

    private void Admit(Route route, IEnumerable<Commit> group, List<Commit> ready, List<Commit> decided)
    {
        OpenFolders? folders = route.Folders;
        if (folders is not null && folders.WhatChanged() is { } changed)
        {
            _services.FoldersLost(route, changed);
            folders = null;
        }
        foreach (Commit commit in group)
        {
            commit.Trace ??= CommitTrace.Start();
            if (folders is null || !folders.TryAcquire())
            {
                TurnAway(commit);
                continue;
            }
            commit.StartOver();
            commit.Folders = folders;
            commit.Settings = route.Settings;
            commit.BusyLimit = _services.BusyLimit;
            _front.Beat();
            commit.Trace?.Begin(CommitStep.Admit);
            Admission admission = LookAt(commit);
            commit.Trace?.End(CommitStep.Admit);
            switch (admission)
            {
                case Admission.Ready when commit.Refusal is not null && commit.Options.RequestId is null:
                    commit.Id = _services.Journal.NextSlot();
                    Enter(commit);
                    decided.Add(commit);
                    break;
                case Admission.Ready:
                    Enter(commit);
                    ready.Add(commit);
                    break;
                case Admission.Later:
                    LetGo(commit);
                    FreeNames(commit, keepsSource: true);
                    Room.Park(commit, commit.Again!.Value);
                    break;
                case Admission.Blocked:
                    LetGo(commit);
                    FreeNames(commit, keepsSource: true);
                    break;
                default:
                    LetGo(commit);
                    FreeNames(commit);
                    commit.Reply?.Cancel();
                    break;
            }
        }
    }

    private Admission LookAt(Commit commit)
    {
        try
        {
            return Step1Admit.Run(commit, Room, _services.Time);
        }
        catch (Exception e)
        {
            Unexpected(commit, e);
            return Admission.Ready;
        }
    }

    /// <summary>The route is away. A marker stays in staging and is found again; a call is answered.</summary>
    private void TurnAway(Commit commit)
    {
        FreeNames(commit);
        commit.Route.NeedScan();
        Answer(commit, new Refusal(Reason.Busy, $"Route {commit.Route.Name} takes no commits now: {commit.Route.Trouble}.", "Ask again once `atomikd check` is content."));
    }

    private static void LetGo(Commit commit)
    {
        commit.Root?.Dispose();
        commit.Root = null;
        commit.Folders.Release();
    }

    /// <summary>A request that waits keeps its staging name, and no other: its marker, seen again, is no second request.</summary>
    private void FreeNames(Commit commit, bool keepsSource = false)
    {
        var heirs = new List<Commit>();
        Room.Leave(commit, keepsSource, heirs);
        heirs.ForEach(Inbox.Add);
    }

    /// <summary>Where the journal cannot take it, nothing has been touched, and everything is asked again.</summary>
    private List<Commit> Intend(List<Commit> ready)
    {
        try
        {
            SharedStep? shared = SharedStep.Begin(CommitStep.Intend, ready);
            Step2Intend.Run(ready, _services.Journal, _services.Boot.Id);
            shared?.End();
            return ready;
        }
        catch (JournalException e)
        {
            Log.JournalRefuses(_services.Logger, e.Message);
            foreach (Commit commit in ready)
            {
                commit.Route.Complain($"the journal cannot be written: {e.Message}");
                commit.Again = s_journalDelay;
                Withdraw(commit);
            }
            return [];
        }
        catch (Exception e)
        {
            ready.ForEach(commit => commit.Intent = null);
            if (ready.Count > 1)
                return [.. ready.SelectMany(commit => Intend([commit]))]; // Whose it was shows one by one.
            Unexpected(ready[0], e);
            return ready;
        }
    }

    private void ClaimAndSeal(List<Commit> ready, List<Commit> decided)
    {
        var small = new List<Commit>();
        _renames.ForEach(ready, Claim);
        foreach (Commit commit in ready)
        {
            if (commit.Refusal is not null || commit.Repeats is not null || commit.Again is not null)
                decided.Add(commit);
            else if (commit.IsSmall)
                small.Add(commit);
            else
                Seal(commit, decided);
        }
        _services.Step?.Invoke("claimed");
        foreach (Commit commit in small)
        {
            _front.Beat();
            commit.Trace?.Begin(CommitStep.Seal);
            Guard(commit, sealing => Step4Seal.Run(sealing, CancellationToken.None));
            commit.Trace?.End(CommitStep.Seal);
        }
        _services.Step?.Invoke("inspected");
        List<Commit> syncing = small.FindAll(commit => commit.NeedsSync && commit.Refusal is null);
        SharedStep? shared = SharedStep.Begin(CommitStep.Seal, syncing);
        Sync(syncing);
        shared?.End();
        _services.Step?.Invoke("sealed");
        decided.AddRange(small);
    }

    private void Claim(Commit commit)
    {
        _front.Beat();
        commit.Route.Complain(null);
        if (commit is { Refusal.Reason: Reason.ItemBusy, Options.RequestId: not null })
            Step1Admit.AskAgain(commit); // Only now it is known that it repeats nothing.
        if (commit.Refusal is not null || commit.Repeats is not null)
            return;
        commit.Trace?.Begin(CommitStep.Claim);
        Guard(commit, Step3Claim.Run);
        commit.Trace?.End(CommitStep.Claim);
    }

    private void Sync(List<Commit> small)
    {
        try
        {
            _sync.Run(small, Inbox.Count);
        }
        catch (Exception e)
        {
            small.ForEach(commit => Unexpected(commit, e));
        }
    }

    /// <summary>What is long goes beside the lane and joins the batch that is open when it is sealed.</summary>
    private void Seal(Commit commit, List<Commit> decided)
    {
        if (_services.Pool.IsInline)
        {
            Guard(commit, SealLarge);
            decided.Add(commit);
            return;
        }
        Beside(() =>
        {
            try
            {
                Guard(commit, SealLarge);
                HandOver([commit]);
            }
            catch (OperationCanceledException)
            {
                Drop([commit], "the daemon is stopping");
            }
        });
    }

    /// <summary>In the pool; a lane does not end before it.</summary>
    private void Beside(Action work)
    {
        Interlocked.Increment(ref _inPool);
        _services.Pool.Add(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                Log.UnexpectedInLane(_services.Logger, e);
            }
            finally
            {
                Interlocked.Decrement(ref _inPool);
                PulseBack();
            }
        });
    }

    private void SealLarge(Commit commit)
    {
        commit.Trace?.Begin(CommitStep.Seal);
        LargeSeal.Run(commit, _services.Journal, _services.SyncWorkers, _services.Pool.Stop);
        commit.Trace?.End(CommitStep.Seal);
    }

    private int _inPool;

    private void WaitForRoom()
    {
        lock (_backLock)
        {
            while (_services.IsPipelined && InWork >= _services.InWorkLimit && !_isStopping)
            {
                _front.Hold();
                Monitor.Wait(_backLock, 1000);
            }
            _front.Begin();
        }
    }

    /// <summary>Out of work without a result: back to the waiting room.</summary>
    private void Withdraw(Commit commit)
    {
        TimeSpan delay = commit.Again ?? s_journalDelay;
        LeaveWork(commit);
        LetGo(commit);
        FreeNames(commit, keepsSource: true);
        Room.Park(commit, delay);
        Inbox.WakeUp();
    }

    private void LeaveWork(Commit commit)
    {
        lock (_working)
            _working.Remove(commit);
        commit.IsInWork = false;
        if (commit.Settings.Durability == Durability.Full && Interlocked.Decrement(ref _durableInWork) == 0)
            PulseBack();
        if (Interlocked.Decrement(ref _inWork) == _services.InWorkLimit - 1)
            PulseBack();
    }
}
