using System.Collections.Concurrent;
using System.Diagnostics;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Xunit;

namespace AtomikD.Telemetry;

/// <summary>What the trace of each kind of request looks like.</summary>
public sealed class TraceTests : IDisposable
{
    private static readonly string[] s_steps = ["wait", "admit", "intend", "claim", "seal", "publish", "settle", "acknowledge"];

    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId _caller = ActivitySpanId.CreateRandom();

    public TraceTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EngineMetrics.SourceName,
            // As an SDK does whose sampler follows the parent.
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("00-00000000000000000000000000000000-0000000000000000-01")]
    public async Task A_caller_without_a_trace_or_with_an_impossible_one_gets_its_commit_all_the_same(string traceparent)
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "1");

        CommitResponse response = await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" }, new Metadata { { "traceparent", traceparent } });

        Assert.Equal(1, response.Version.Number);
    }

    [Fact]
    public async Task A_commit_has_a_span_for_each_step_that_lie_within_its_own()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "1");
        await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" }, Traced());

        Activity commit = Root("commit");
        Assert.Equal((_caller, ActivityKind.Server, ActivityStatusCode.Unset), (commit.ParentSpanId, commit.Kind, commit.Status));
        Assert.Equal("site", commit.GetTagItem("atomikd.route"));
        Assert.Equal("rpc", commit.GetTagItem("atomikd.door"));
        Assert.Equal("committed", commit.GetTagItem("atomikd.outcome"));
        Assert.Equal(1L, commit.GetTagItem("atomikd.version"));
        Assert.Equal(1L, commit.GetTagItem("atomikd.files"));
        Activity[] steps = Steps(commit);
        Assert.Equal(s_steps, steps.Select(step => step.DisplayName));
        Assert.All(steps, step => Assert.InRange(step.StartTimeUtc, commit.StartTimeUtc, commit.StartTimeUtc + commit.Duration));
        Assert.All(steps, step => Assert.InRange(step.StartTimeUtc + step.Duration, commit.StartTimeUtc, commit.StartTimeUtc + commit.Duration));
        for (int i = 1; i < steps.Length; i++)
            Assert.True(steps[i].StartTimeUtc >= steps[i - 1].StartTimeUtc + steps[i - 1].Duration - TimeSpan.FromMicroseconds(1), $"{steps[i].DisplayName} overlaps the step before");
        Assert.Equal(["intend", "seal", "settle", "acknowledge"], steps.Where(step => step.Links.Any()).Select(step => step.DisplayName));
        Assert.DoesNotContain(commit.TagObjects, tag => tag.Value is string text && text.Contains(service.Root, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_large_item_and_one_that_had_to_wait_have_the_same_steps()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        Directory.CreateDirectory(service.Staged("a"));
        for (int i = 0; i < 100; i++)
            File.WriteAllText(Path.Combine(service.Staged("a"), $"{i}"), "1");
        using (FileStream writer = File.OpenWrite(Path.Combine(service.Staged("a"), "1")))
        {
            File.WriteAllText(service.Staged("a.ready"), $$"""{"traceparent": "{{Traceparent}}"}""");
            Eventually.True(() => service.Engine.Lanes.Any(lane => lane.Room.ParkedCount > 0), "it waits");
        }

        Activity commit = Root("commit");
        Assert.Equal(ActivityKind.Consumer, commit.Kind);
        Assert.Equal("marker", commit.GetTagItem("atomikd.door"));
        Assert.True((int)commit.GetTagItem("atomikd.attempts")! > 1);
        Assert.Equal(s_steps, Steps(commit).Select(step => step.DisplayName));
    }

    [Fact]
    public async Task A_refusal_is_an_error_with_its_reason_and_ends_where_it_was_refused()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await Assert.ThrowsAsync<RpcException>(async () => await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" }, Traced()));

        Activity commit = Root("commit");
        Assert.Equal((ActivityStatusCode.Error, "ITEM_NOT_FOUND"), (commit.Status, commit.StatusDescription));
        Assert.Equal("ITEM_NOT_FOUND", commit.GetTagItem("error.type"));
        Assert.Equal("ITEM_NOT_FOUND", commit.GetTagItem("atomikd.outcome"));
        Assert.DoesNotContain(Steps(commit), step => step.DisplayName is "claim" or "publish");
    }

    [Fact]
    public async Task Rollback_remove_upload_and_collection_have_traces_too()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { KeepFor = TimeSpan.Zero, Keep = 1 }).StartAsync();
        foreach (string contents in (string[])["1", "2"])
        {
            service.Stage("a", contents);
            await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" });
        }
        await service.Client.RollbackAsync(new RollbackRequest { Route = "site", Name = "a" }, Traced());
        await service.Client.RemoveAsync(new RemoveRequest { Route = "site", Name = "a" }, Traced());
        using (AsyncClientStreamingCall<UploadRequest, CommitResponse> upload = service.Client.Upload(Traced()))
        {
            await upload.RequestStream.WriteAsync(new UploadRequest { Header = new UploadHeader { Route = "site", Name = "b", Kind = V1.ItemKind.File, Size = 1 } });
            await upload.RequestStream.WriteAsync(new UploadRequest { Data = Google.Protobuf.ByteString.CopyFromUtf8("1") });
            await upload.RequestStream.CompleteAsync();
            await upload;
        }

        Assert.Equal(_caller, Root("rollback").ParentSpanId);
        Assert.Equal(_caller, Root("remove").ParentSpanId);
        Activity uploaded = Root("upload");
        Assert.Equal(_caller, uploaded.ParentSpanId);
        Assert.Equal("receive", Steps(uploaded)[0].DisplayName);
    }

    [Fact]
    public async Task A_refused_upload_has_a_trace()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { MaxUpload = 1 }).StartAsync();
        using AsyncClientStreamingCall<UploadRequest, CommitResponse> upload = service.Client.Upload(Traced());
        await upload.RequestStream.WriteAsync(new UploadRequest { Header = new UploadHeader { Route = "site", Name = "b", Kind = V1.ItemKind.File, Size = 10 } });
        await Assert.ThrowsAsync<RpcException>(async () => await upload);

        Assert.Equal(ActivityStatusCode.Error, Root("upload").Status);
    }

    private string Traceparent => $"00-{_trace}-{_caller}-01";

    private Metadata Traced() => new() { { "traceparent", Traceparent } };

    private Activity Root(string name) => Eventually.NotNull(
        () => _ended.FirstOrDefault(activity => activity.TraceId == _trace && activity.DisplayName == name), $"the trace of the {name}");

    private Activity[] Steps(Activity root) => [.. _ended.Where(activity => activity.TraceId == _trace && activity.ParentSpanId == root.SpanId).OrderBy(activity => activity.StartTimeUtc)];
}
