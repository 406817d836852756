using System.Diagnostics;
using System.Net.Sockets;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Xunit;

namespace AtomikD.Client;

/// <summary>What a call does when the daemon refuses, hangs, goes away or is not there.</summary>
public sealed class CallTests
{
    [Fact]
    public async Task Making_a_client_does_not_connect_and_a_missing_socket_is_told_with_its_path_and_what_to_do()
    {
        using var scratch = new TempFolder();
        await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = scratch["no.sock"], ConnectTimeout = TimeSpan.Zero });

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.GetStatusAsync());

        Assert.Contains(scratch["no.sock"], e.Message, StringComparison.Ordinal);
        Assert.Contains("atomikd is not running", e.Message, StringComparison.Ordinal);
        Assert.Contains("SocketPath", e.Hint, StringComparison.Ordinal);
        Assert.Equal((AtomikReason.Unknown, true, false), (e.Reason, e.IsRetryable, e.IsOutcomeUnknown));
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_at_is_told_as_such()
    {
        using var scratch = new TempFolder();
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(scratch["s"]));
        }
        // A closed socket leaves its file only where nobody removes it: .NET does, a killed daemon does not.
        Command.Run("python3", "-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", scratch["t"]);
        await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = scratch["t"], ConnectTimeout = TimeSpan.Zero });

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.GetStatusAsync());

        Assert.Contains("atomikd is not running", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_waits_for_a_daemon_that_is_being_started()
    {
        await using var daemon = new FakeDaemon();
        var log = new LogWatch();
        await using AtomikClient client = daemon.NewClient(options => options.LoggerFactory = log.NewFactory());

        Task<ServiceStatus> status = client.GetStatusAsync();
        log.WaitFor("NotReached");
        await daemon.StartAsync();

        Assert.Equal("site", (await status).Routes.Single().Name);
    }

    [Fact]
    public async Task A_refusal_is_told_with_all_that_the_daemon_says()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnCommit = (_, _) => throw FakeDaemon.Refusal(StatusCode.FailedPrecondition, "VERSION_MISMATCH", "Version 3 is live, 2 was expected: „übel“.",
            ("hint", "look"), ("retryable", "true"), ("item", "/srv/staging/x~7"), ("published", "true"));
        await using AtomikClient client = daemon.NewClient();

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.CommitAsync("site", "x"));

        Assert.Equal((AtomikReason.VersionMismatch, "look", "/srv/staging/x~7", true, true, false), (e.Reason, e.Hint, e.ItemPath, e.IsRetryable, e.IsPublished, e.IsOutcomeUnknown));
        Assert.Equal("Version 3 is live, 2 was expected: „übel“.", e.Message);
        Assert.Equal(daemon.Calls.Commits.Single().RequestId, e.RequestId);
    }

    [Theory]
    [InlineData("TARGET_EXISTS", AtomikReason.TargetExists)]
    [InlineData("IO_ERROR", AtomikReason.IoError)]
    [InlineData("A_NEW_ONE", AtomikReason.Unknown)]
    [InlineData("3", AtomikReason.Unknown)]
    [InlineData("", AtomikReason.Unknown)]
    internal async Task Reasons_are_known_by_their_words(string wire, AtomikReason reason)
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnCommit = (_, _) => throw FakeDaemon.Refusal(StatusCode.Internal, wire, "no");
        await using AtomikClient client = daemon.NewClient();

        Assert.Equal(reason, (await Assert.ThrowsAsync<AtomikException>(() => client.CommitAsync("site", "x"))).Reason);
    }

    [Fact]
    public void Every_reason_of_the_daemon_is_one_of_the_library() =>
        Assert.Equal(Enum.GetNames<Commits.Reason>().Order(), Enum.GetNames<AtomikReason>().Where(name => name != "Unknown").Order());

    [Fact]
    public async Task A_daemon_that_refuses_for_now_is_not_asked_again_by_itself()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnCommit = (_, _) => throw FakeDaemon.Refusal(StatusCode.Unavailable, "BUSY", "later", ("retryable", "true"));
        await using AtomikClient client = daemon.NewClient();

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.CommitAsync("site", "x"));

        Assert.Equal((AtomikReason.Busy, true), (e.Reason, e.IsRetryable));
        Assert.Single(daemon.Calls.Commits);
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_asked_again_under_its_request_id()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var begun = new TaskCompletionSource();
        daemon.Calls.OnCommit = async (request, context) =>
        {
            if (daemon.Calls.Commits.Count == 1)
            {
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
            CommitResponse answer = FakeDaemon.Service.Answer(request);
            answer.Repeated = true;
            return answer;
        };
        await using AtomikClient client = daemon.NewClient();

        Task<CommittedVersion> commit = client.CommitAsync("site", "x", "y");
        await begun.Task;
        await daemon.StopAsync();
        await daemon.StartAsync();

        CommittedVersion version = await commit;
        Assert.Equal(("y", 1L), (version.Name, version.Number));
        Assert.False(version.Repeated);
        Assert.Equal(2, daemon.Calls.Commits.Count);
        Assert.Single(daemon.Calls.Commits.Select(request => request.RequestId).Distinct());
        Assert.NotEmpty(daemon.Calls.Commits[0].RequestId);
    }

    [Fact]
    public async Task A_daemon_that_goes_and_does_not_come_back_leaves_the_outcome_unknown()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var begun = new TaskCompletionSource();
        daemon.Calls.OnCommit = async (_, context) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return null!;
        };
        await using AtomikClient client = daemon.NewClient(options => options.ConnectTimeout = TimeSpan.FromMilliseconds(100));

        Task<CommittedVersion> commit = client.CommitAsync("site", "x", options: new CommitOptions { RequestId = "mine" });
        await begun.Task;
        await daemon.StopAsync();

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => commit);
        Assert.Equal((true, true, "mine"), (e.IsOutcomeUnknown, e.IsRetryable, e.RequestId));
    }

    [Fact]
    public async Task A_daemon_that_does_not_answer_is_not_waited_for_longer_than_the_timeout()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnCommit = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return null!;
        };
        await using AtomikClient client = daemon.NewClient(options => options.Timeout = TimeSpan.FromMilliseconds(200));

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.CommitAsync("site", "x"));

        Assert.IsType<TimeoutException>(e.InnerException);
        Assert.Equal((AtomikReason.Unknown, true), (e.Reason, e.IsOutcomeUnknown));
        Assert.NotNull(e.RequestId);
    }

    [Fact]
    public async Task Cancelling_is_told_as_cancelling()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var begun = new TaskCompletionSource();
        daemon.Calls.OnCommit = async (_, context) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return null!;
        };
        await using AtomikClient client = daemon.NewClient();
        using var cancellation = new CancellationTokenSource();

        Task<CommittedVersion> commit = client.CommitAsync("site", "x", cancellationToken: cancellation.Token);
        await begun.Task;
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => commit);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetStatusAsync(cancellation.Token));
    }

    [Fact]
    public async Task What_is_not_said_is_absent_on_the_wire_and_what_is_said_is_there()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        await using AtomikClient client = daemon.NewClient();

        await client.CommitAsync("site", "x");
        await client.CommitAsync("site", "x", "y", new CommitOptions { Overwrite = false, ExpectedVersion = 0, RequestId = "r", Sha256 = "abc", Synced = true, Labels = { ["a"] = "b" } });

        CommitRequest bare = daemon.Calls.Commits[0];
        Assert.Equal((false, false, "", false, 0), (bare.HasOverwrite, bare.HasExpectedVersion, bare.Name, bare.Synced, bare.Labels.Count));
        CommitRequest full = daemon.Calls.Commits[1];
        Assert.Equal((true, true, "y", "r", "abc", true, "b"), (full.HasOverwrite, full.HasExpectedVersion, full.Name, full.RequestId, full.Sha256, full.Synced, full.Labels["a"]));
    }

    [Fact]
    public async Task A_call_is_one_client_span_and_the_daemon_is_told_of_it()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        await using AtomikClient client = daemon.NewClient();
        var spans = new List<Activity>();
        using var mine = new Activity("mine");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == AtomikTelemetry.SourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);

        mine.SetIdFormat(ActivityIdFormat.W3C).Start();
        await client.CommitAsync("site", "x");
        mine.Stop();

        Activity span;
        lock (spans)
            span = Assert.Single(spans, one => one.TraceId == mine.TraceId);
        Assert.Equal(("atomikd.v1.CommitService/Commit", ActivityKind.Client), (span.OperationName, span.Kind));
        Assert.Equal("grpc", span.GetTagItem("rpc.system"));
        Assert.Equal("Commit", span.GetTagItem("rpc.method"));
        Assert.Equal(0, span.GetTagItem("rpc.grpc.status_code"));
        Assert.Equal($"00-{mine.TraceId}-{span.SpanId}-01", daemon.Calls.Headers!.GetValue("traceparent"));
    }

    [Fact]
    public async Task After_it_was_disposed_it_says_so()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        AtomikClient client = daemon.NewClient();
        await client.GetStatusAsync();
        await client.DisposeAsync();
        await client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetStatusAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.StageFolderAsync("site"));
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_at_once()
    {
        Assert.Throws<ArgumentException>(() => new AtomikClient(new AtomikClientOptions { SocketPath = "" }));
        Assert.Throws<ArgumentException>(() => new AtomikClient(new AtomikClientOptions { Timeout = TimeSpan.Zero }));
        Assert.Throws<ArgumentException>(() => new AtomikClient(new AtomikClientOptions { ConnectTimeout = TimeSpan.FromSeconds(-1) }));
    }

    [Fact]
    public async Task Four_hundred_calls_at_once_are_each_answered_with_their_own()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        await using AtomikClient client = daemon.NewClient();

        CommittedVersion[] versions = await Task.WhenAll(Enumerable.Range(0, 400).Select(number => client.CommitAsync("site", "x", $"{number}")));

        Assert.Equal(Enumerable.Range(0, 400).Select(number => $"{number}"), versions.Select(version => version.Name));
    }
}
