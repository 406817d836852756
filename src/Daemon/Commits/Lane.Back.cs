using AtomikD.Commits.Steps;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Staging;
using AtomikD.Telemetry;
using AtomikD.Versions;

namespace AtomikD.Commits;

/// <summary>The second part: publish, settle.</summary>
internal sealed partial class Lane
{
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromSeconds(10);

    private readonly object _backLock = new();
    private List<Commit> _sealed = [];

    /// <summary>Which of the two threads publishes now; null = neither.</summary>
    private WorkPulse? _publisher;

    private void BackLoop()
    {
        while (!_isStopping)
            PublishBatch(waitForPool: true);
    }

    private void HandOver(List<Commit> commits)
    {
        if (commits.Count == 0)
            return;
        lock (_backLock)
            _sealed.AddRange(commits);
        PulseBack();
    }

    private void PulseBack()
    {
        lock (_backLock)
            Monitor.PulseAll(_backLock);
        if (!_services.IsPipelined)
            Inbox.WakeUp();
    }

    /// <summary>
    /// A lone commit that syncs nothing is through sooner than the other thread is awake. Not where somebody follows the
    /// steps: who holds one thread looks at the other.
    /// </summary>
    private bool CanPublishHere() => _services is { IsPipelined: true, Step: null } && Durability == Durability.None && Inbox.Count == 0;

    /// <summary>By the front thread, unless the back thread is at work.</summary>
    private void PublishHere(List<Commit> commits)
    {
        lock (_backLock)
        {
            _sealed.AddRange(commits);
            if (_publisher is not null)
                return; // It looks again when it is done.
        }
        PublishBatch();
    }

    /// <summary>Everything sealed by now, as one batch through the last three steps.</summary>
    internal bool PublishBatch(bool waitForPool = false)
    {
        List<Commit> batch;
        lock (_backLock)
        {
            while (waitForPool && (_sealed.Count == 0 || _publisher is not null) && (!_isStopping || _publisher is not null || Volatile.Read(ref _inPool) > 0))
            {
                _back.Rest();
                Monitor.Wait(_backLock);
            }
            if (_sealed.Count == 0 || _publisher is not null)
                return false;
            batch = _sealed;
            _sealed = [];
            _publisher = waitForPool ? _back : _front;
        }
        if (waitForPool)
            _back.Begin();
        try
        {
            PublishOrDrop(batch);
        }
        finally
        {
            lock (_backLock)
            {
                _publisher = null;
                if (_sealed.Count > 0 || _isStopping)
                    Monitor.PulseAll(_backLock);
            }
        }
        return true;
    }

    private void PublishOrDrop(List<Commit> batch)
    {
        if (_fault is null)
        {
            try
            {
                Publish(batch);
            }
            catch (Exception e)
            {
                Log.UnexpectedInLane(_services.Logger, e);
                Stop($"an unexpected error after a publish: {e.Message}");
            }
        }
        if (_fault is { } fault)
            Drop(batch, fault);
    }

    private void Publish(List<Commit> batch)
    {
        DropObsolete(batch);
        List<Commit> publishable = batch.FindAll(commit => commit is { IsRetold: false, Refusal: null, Repeats: null, Again: null });
        foreach (IGrouping<OpenFolders, Commit> group in publishable.GroupBy(commit => commit.Folders))
        {
            if (group.Key.WhatChanged() is { } changed)
                Retreat(group, changed);
            else
                _renames.ForEach([.. group], PublishOne);
        }
        batch = batch.FindAll(commit => commit.IsInWork);
        if (batch.Count > 0)
            _services.Metrics?.BatchFormed(batch.Count);

        List<Commit> fresh = batch.FindAll(commit => !commit.IsRetold);
        _services.Step?.Invoke("published");
        SharedStep? settling = SharedStep.Begin(CommitStep.Settle, fresh);
        List<SlotId> closed = TakeClosings(fresh);
        Errno error = Step6Settle.Sync(fresh, out string path);
        if (error != Errno.None)
        {
            Stop($"syncing {path} failed after a publish: {error.Describe()}; start the daemon again once the disk is healthy");
            return;
        }
        _services.Step?.Invoke("synced");
        if (!Settle(fresh, closed))
            return;
        settling?.End();
        _services.Step?.Invoke("settled");
        TellOrPassOn(batch);
    }

    private void PublishOne(Commit commit)
    {
        commit.Trace?.Begin(CommitStep.Publish);
        _publisher!.Beat();
        Step5Publish.Run(commit);
        commit.Trace?.End(CommitStep.Publish);
    }

    /// <summary>What the batch's sync of staging will close: not what is told only while it runs.</summary>
    private List<SlotId> TakeClosings(List<Commit> fresh) => fresh.Exists(Step6Settle.IsDurable)
        ? [.. fresh.Where(commit => commit.IsPublished).Select(commit => commit.Folders).Distinct().SelectMany(_closings.Take)]
        : [];

    /// <summary>A stuck outcome that a newer request of the name has overtaken must not be told over that one's.</summary>
    private void DropObsolete(List<Commit> batch)
    {
        foreach (Commit commit in batch.FindAll(commit => commit.IsRetold && !commit.Route.Stuck.Holds(commit)))
        {
            batch.Remove(commit);
            LeaveWork(commit);
            commit.Folders.Release();
        }
    }

    /// <summary>Writes the results, again and again until the journal takes them: what is published cannot fail any more.</summary>
    private bool Settle(List<Commit> fresh, List<SlotId> closed)
    {
        if (fresh.Count == 0)
            return true;
        DateTimeOffset now = _services.Time.GetUtcNow();
        foreach (Commit commit in fresh.Where(commit => commit.Again is null))
            Step6Settle.Describe(commit, now);
        for (TimeSpan delay = TimeSpan.FromMilliseconds(100); ; delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, s_longestRetry.Ticks)))
        {
            _publisher!.Beat();
            try
            {
                _services.Journal.Write(Durability == Durability.Full, session =>
                {
                    foreach (Commit commit in fresh)
                        Step6Settle.Record(commit, session, now);
                    closed.ForEach(session.Close);
                    return true;
                });
                fresh.ForEach(commit => commit.Route.Complain(null));
                return true;
            }
            catch (JournalException e)
            {
                Log.JournalRefuses(_services.Logger, e.Message);
                foreach (Commit commit in fresh)
                    commit.Route.Complain($"the journal cannot take results: {e.Message}");
                lock (_backLock)
                    Monitor.Wait(_backLock, delay);
                if (!_isStopping)
                    continue;
                Stop($"the journal could not take results before the stop: {e.Message}");
                return false;
            }
        }
    }

    /// <summary>Waits until no durable commit is between intend and settle; at most <paramref name="limit"/>.</summary>
    public void WaitForQuiet(TimeSpan limit)
    {
        long end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        lock (_backLock)
        {
            while (Volatile.Read(ref _durableInWork) > 0 && end - Environment.TickCount64 is > 0 and var left)
                Monitor.Wait(_backLock, (int)left);
        }
    }
}
