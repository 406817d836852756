using System.Collections.Concurrent;
using System.Diagnostics;
using AtomikD.Commits;
using AtomikD.Journal;
using AtomikD.Routes;
using AtomikD.Uploads;
using AtomikD.Versions;

namespace AtomikD.Telemetry;

/// <summary>
/// Makes the spans of commits that are over, of the time stamps that they carry, on a thread of the pool. A commit's own span joins
/// the trace of its caller; each step is a child of it.
/// </summary>
internal sealed class CommitSpans(TimeProvider time)
{
    /// <summary>Commits whose spans wait to be made; beyond it a commit has none.</summary>
    private const int MostWaiting = 16_384;

    private static readonly ActivitySource s_source = new(EngineMetrics.SourceName, ProductVersion.Text);

    private readonly ConcurrentQueue<Action<CommitSpans>> _waiting = new();
    private int _count;
    private int _isMaking;
    private DateTimeOffset _now;
    private long _stamp;

    /// <summary>Somebody listens. Where nobody does, this look is all that tracing costs.</summary>
    public static bool IsWatched => s_source.HasListeners();

    /// <summary>A commit was decided and told, or its call was answered without that.</summary>
    public void Finished(Commit commit, Refusal? refusal)
    {
        if (commit.Trace is not { } trace)
            return;
        commit.Trace = null;
        long ended = Stopwatch.GetTimestamp();
        Hand(spans => spans.Make(commit, refusal, trace, ended));
    }

    /// <summary>An upload was refused before it became a commit.</summary>
    public void Refused(Route route, UploadRequestInfo header, Refusal refusal)
    {
        if (!IsWatched)
            return;
        long ended = Stopwatch.GetTimestamp();
        Hand(spans =>
        {
            using Activity? span = spans.Root("upload", Door.Rpc, header.Options.Traceparent, header.BegunAt);
            Describe(span, route, Door.Rpc, refusal);
            span?.SetEndTime(spans.At(ended).UtcDateTime);
        });
    }

    /// <summary>A pass of the collection over a route has ended.</summary>
    public void Collected(Route route, CollectResult result, long begun)
    {
        if (!IsWatched || result is { Deleted: 0, Bytes: 0 })
            return;
        long ended = Stopwatch.GetTimestamp();
        Hand(spans =>
        {
            using Activity? span = s_source.StartActivity("collect", ActivityKind.Internal, default(ActivityContext), startTime: spans.At(begun));
            span?.SetTag("atomikd.route", route.Name).SetTag("atomikd.gc.deleted", result.Deleted).SetTag("atomikd.gc.reclaimed", result.Bytes)
                .SetTag("atomikd.gc.spared", result.Spared.Count).SetEndTime(spans.At(ended).UtcDateTime);
        });
    }

    private void Hand(Action<CommitSpans> make)
    {
        if (Interlocked.Increment(ref _count) > MostWaiting)
        {
            Interlocked.Decrement(ref _count);
            return;
        }
        _waiting.Enqueue(make);
        if (Interlocked.Exchange(ref _isMaking, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static spans => spans.MakeAll(), this, preferLocal: false);
    }

    /// <summary>Waits until all that was handed in has its spans.</summary>
    public void Drain(TimeSpan limit) => SpinWait.SpinUntil(() => Volatile.Read(ref _count) == 0, limit);

    private void MakeAll()
    {
        // Spans that are made here belong to no other one that happens to be under way.
        Activity.Current = null;
        do
        {
            (_now, _stamp) = (time.GetUtcNow(), Stopwatch.GetTimestamp());
            while (_waiting.TryDequeue(out Action<CommitSpans>? make))
            {
                make(this);
                Interlocked.Decrement(ref _count);
            }
            Volatile.Write(ref _isMaking, 0);
        }
        while (!_waiting.IsEmpty && Interlocked.Exchange(ref _isMaking, 1) == 0);
    }

    private void Make(Commit commit, Refusal? refusal, CommitTrace trace, long ended)
    {
        long begun = trace.Has(CommitStep.Receive, out long received, out _, out _) ? received : commit.ArrivedAt;
        using Activity? span = Root(NameOf(commit), commit.Door, commit.Options.Traceparent, begun);
        if (span is not { IsAllDataRequested: true })
            return;
        Describe(span, commit.Route, commit.Door, refusal);
        span.SetTag("atomikd.attempts", trace.Attempts);
        if (commit.Version is { } version)
            span.SetTag("atomikd.version", version.Number).SetTag("atomikd.durable", version.Durable).SetTag("atomikd.files", version.Files).SetTag("atomikd.bytes", version.Bytes);
        if (commit.Repeats is { } earlier)
            span.SetTag("atomikd.version", earlier.Number).SetTag("atomikd.repeated", true);
        if (trace.Has(CommitStep.Admit, out long admitted, out _, out _))
            Child(span, CommitStep.Wait, commit.ArrivedAt, admitted, null);
        for (CommitStep step = 0; (int)step < CommitSteps.Count; step++)
        {
            if (trace.Has(step, out long from, out long until, out SharedStep? shared))
                Child(span, step, from, until, shared);
        }
        span.SetEndTime(At(ended).UtcDateTime);
    }

    private Activity? Root(string name, Door door, string? traceparent, long begun)
    {
        // What is no traceparent is passed over, as the specification of W3C has it.
        ActivityContext parent = ActivityContext.TryParse(traceparent, null, isRemote: true, out ActivityContext given) ? given : default;
        return s_source.StartActivity(name, door == Door.Marker ? ActivityKind.Consumer : ActivityKind.Server, parent, startTime: At(begun));
    }

    private static void Describe(Activity? span, Route route, Door door, Refusal? refusal)
    {
        span?.SetTag("atomikd.route", route.Name).SetTag("atomikd.door", EngineMetrics.NameOf(door)).SetTag("atomikd.outcome", refusal?.Reason.WireName() ?? EngineMetrics.Committed);
        if (refusal is not null)
            span?.SetTag("error.type", refusal.Reason.WireName()).SetStatus(ActivityStatusCode.Error, refusal.Reason.WireName());
    }

    private void Child(Activity parent, CommitStep step, long begun, long ended, SharedStep? shared)
    {
        ActivityLink[]? links = shared is not null && ContextOf(shared) is { } context ? [new ActivityLink(context)] : null;
        using Activity? child = s_source.StartActivity(step.Name(), ActivityKind.Internal, parent.Context, links: links, startTime: At(begun));
        child?.SetEndTime(At(ended).UtcDateTime);
    }

    /// <summary>
    /// A trace of its own, and sampled, because the span that links to it is: the sampler is asked as by a parent that says so.
    /// </summary>
    private ActivityContext? ContextOf(SharedStep shared)
    {
        if (shared.Context is { } known)
            return known;
        var sampled = new ActivityContext(ActivityTraceId.CreateRandom(), default, ActivityTraceFlags.Recorded);
        Activity? current = Activity.Current;
        // Else it would become a child of the commit's, because the context names no span.
        Activity.Current = null;
        using (Activity? span = s_source.StartActivity(shared.Step.BatchName(), ActivityKind.Internal, sampled, startTime: At(shared.Begun)))
        {
            span?.SetTag("atomikd.batch.size", shared.Size).SetEndTime(At(shared.Ended).UtcDateTime);
            shared.Context = span?.Context;
        }
        Activity.Current = current;
        return shared.Context;
    }

    private static string NameOf(Commit commit) => commit switch
    {
        { Operation: Operation.Rollback } => "rollback",
        { Operation: Operation.Remove } => "remove",
        { IsUpload: true } => "upload",
        _ => "commit",
    };

    /// <summary>The time of day of a time stamp.</summary>
    private DateTimeOffset At(long stamp) => _now + Stopwatch.GetElapsedTime(_stamp, stamp);
}
