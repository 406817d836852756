using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace AtomikD.Journal;

/// <summary>One piece of work handed in to the journal.</summary>
internal abstract class Handed(bool durable)
{
    public bool Durable => durable;

    /// <summary>What the work itself threw: its own affair, nobody else's in the transaction.</summary>
    public Exception? Error { get; set; }

    public abstract void Run(JournalSession session);

    /// <summary>The transaction stands, or failed as a whole.</summary>
    public abstract void Finish(JournalException? failure);

    /// <summary>Run by itself, outside of any transaction.</summary>
    public virtual bool IsBetween => false;

    /// <summary>True where a thread blocks for it: that one leads from now on.</summary>
    public virtual bool TakeLead() => false;
}

/// <summary>Somebody blocks until it is committed.</summary>
internal class HandedCall<T>(bool durable, Func<JournalSession, T> work) : Handed(durable)
{
    private T _result = default!;
    private bool _finished;
    private bool _leads;
    private JournalException? _failure;

    public override void Run(JournalSession session) => _result = work(session);

    public override void Finish(JournalException? failure)
    {
        lock (this)
        {
            _failure = failure;
            _finished = true;
            Monitor.PulseAll(this);
        }
    }

    public override bool TakeLead()
    {
        lock (this)
        {
            _leads = true;
            Monitor.PulseAll(this);
            return true;
        }
    }

    /// <summary>Blocks until it is committed (false), or until its thread has to do that itself (true).</summary>
    public bool WaitLeads()
    {
        lock (this)
        {
            while (!_finished && !_leads)
                Monitor.Wait(this);
            return _leads;
        }
    }

    public T Wait()
    {
        lock (this)
        {
            while (!_finished)
                Monitor.Wait(this);
        }
        // One failure may be told to many threads, and an exception's stack is not made for that.
        if (_failure is not null)
            throw new JournalException(_failure.Message, _failure.Code, _failure);
        if (Error is not null)
            ExceptionDispatchInfo.Throw(Error);
        return _result;
    }
}

/// <summary>Somebody blocks for what is done with the file between two transactions: it must be short.</summary>
internal sealed class HandedBetween<T>(Func<T> work) : HandedCall<T>(durable: false, _ => work())
{
    public override bool IsBetween => true;
}

/// <summary>Somebody awaits it.</summary>
internal sealed class HandedTask<T>(bool durable, Func<JournalSession, T> work) : Handed(durable)
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Task => _completion.Task;

    public override void Run(JournalSession session) => _result = work(session);

    public override void Finish(JournalException? failure)
    {
        if (failure is not null)
            _completion.SetException(new JournalException(failure.Message, failure.Code, failure));
        else if (Error is not null)
            _completion.SetException(Error);
        else
            _completion.SetResult(_result);
    }
}

/// <summary>Nobody waits for it.</summary>
internal sealed class HandedPost(ILogger logger, Action<JournalSession> work) : Handed(durable: false)
{
    public override void Run(JournalSession session) => work(session);

    public override void Finish(JournalException? failure)
    {
        if ((failure ?? Error) is { } error)
            JournalLog.PostFailed(logger, error);
    }
}

/// <summary>What opening itself writes, before the thread runs.</summary>
internal sealed class FirstWords(Action<JournalSession> work, Action<Exception> failed) : Handed(durable: true)
{
    public override void Run(JournalSession session) => work(session);

    public override void Finish(JournalException? failure)
    {
        if ((failure ?? Error) is { } error)
            failed(error);
    }
}
