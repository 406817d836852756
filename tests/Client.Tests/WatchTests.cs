using AtomikD.Support;
using Grpc.Core;
using Xunit;

namespace AtomikD.Client;

/// <summary>A watch over lost connections, against a daemon that loses them on demand.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task It_goes_on_after_the_last_event_when_the_daemon_was_restarted()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var asked = new List<long>();
        daemon.Calls.OnWatch = async (request, events, context) =>
        {
            asked.Add(request.AfterSequence);
            await events.WriteAsync(Event(request.AfterSequence + 1, "a", request.AfterSequence + 1));
            await events.WriteAsync(Event(request.AfterSequence + 2, "a", request.AfterSequence + 2));
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        await using AtomikClient client = daemon.NewClient(options => options.ConnectTimeout = TimeSpan.Zero);
        var seen = new List<long>();

        await foreach (CommitEvent e in client.WatchAsync(new WatchOptions { AfterSequence = 10 }))
        {
            seen.Add(e.Sequence);
            if (seen.Count == 2)
            {
                await daemon.StopAsync();
                _ = Task.Run(daemon.StartAsync);
            }
            if (seen.Count == 4)
                break;
        }

        Assert.Equal([11, 12, 13, 14], seen);
        Assert.Equal([10, 12], asked);
    }

    [Fact]
    public async Task A_connection_that_is_lost_before_anything_happened_leaves_no_gap()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var asked = new List<long>();
        var log = new LogWatch();
        daemon.Calls.OnWatch = async (request, events, context) =>
        {
            asked.Add(request.HasAfterSequence ? request.AfterSequence : -1);
            await context.WriteResponseHeadersAsync(new Metadata { { "atomikd-sequence", "41" } });
            if (asked.Count == 1)
                return;
            await events.WriteAsync(Event(42, "a", 5));
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        await using AtomikClient client = daemon.NewClient(options => options.LoggerFactory = log.NewFactory());

        await foreach (CommitEvent e in client.WatchAsync())
        {
            Assert.Equal(42, e.Sequence);
            break;
        }

        Assert.Equal([-1, 41], asked);
        Assert.Equal("WatchResumes", log.WaitFor("WatchResumes").Name);
    }

    [Fact]
    public async Task First_what_is_live_then_what_the_listing_did_not_know()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        V1.Version retained = FakeDaemon.Service.Version("site", "a", 2);
        retained.State = V1.VersionState.Retained;
        daemon.Calls.Live = [FakeDaemon.Service.Version("site", "a", 3), retained, FakeDaemon.Service.Version("site", "b", 1)];
        daemon.Calls.OnWatch = async (request, events, context) =>
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "atomikd-sequence", "7" } });
            // The first two happened between the beginning of the watch and the listing.
            await events.WriteAsync(Event(8, "a", 3));
            await events.WriteAsync(Event(9, "c", 1));
            await events.WriteAsync(Event(10, "a", 4));
            await events.WriteAsync(Event(11, "b", 1, V1.Operation.Remove));
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        await using AtomikClient client = daemon.NewClient();
        var seen = new List<string>();

        await foreach (CommitEvent e in client.WatchAsync(new WatchOptions { InitialLive = true }))
        {
            seen.Add($"{e.Sequence} {e.Operation} {e.Version.Name} {e.Version.Number}{(e.IsInitial ? " initial" : "")}");
            if (seen.Count == 5)
                break;
        }

        Assert.Equal(["7 Commit a 3 initial", "7 Commit b 1 initial", "9 Commit c 1", "10 Commit a 4", "11 Remove b 1"], seen);
    }

    [Fact]
    public async Task A_history_that_does_not_reach_back_is_an_exception_of_its_own()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnWatch = (_, _, _) => throw new RpcException(new Status(StatusCode.OutOfRange, "The history begins at 900."));
        await using AtomikClient client = daemon.NewClient();

        WatchOutOfRangeException e = await Assert.ThrowsAsync<WatchOutOfRangeException>(() => client.WatchAsync(new WatchOptions { AfterSequence = 5 }).FirstAsync().AsTask());

        Assert.Equal(5, e.AfterSequence);
        Assert.Contains("900", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_by_cancellation()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var stands = new TaskCompletionSource();
        daemon.Calls.OnWatch = async (_, _, context) =>
        {
            await context.WriteResponseHeadersAsync([]);
            stands.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        await using AtomikClient client = daemon.NewClient();
        using var cancellation = new CancellationTokenSource();

        Task first = client.WatchAsync(cancellationToken: cancellation.Token).FirstAsync().AsTask();
        await stands.Task;
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task One_that_never_stood_fails_like_any_call()
    {
        using var scratch = new TempFolder();
        await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = scratch["s"], ConnectTimeout = TimeSpan.Zero });

        await Assert.ThrowsAsync<AtomikException>(() => client.WatchAsync().FirstAsync().AsTask());
        Assert.Throws<ArgumentException>(() => client.WatchAsync(new WatchOptions { InitialLive = true, AfterSequence = 3 }));
    }

    private static V1.CommitEvent Event(long sequence, string name, long number, V1.Operation operation = V1.Operation.Commit) => new()
    {
        Sequence = sequence,
        Version = FakeDaemon.Service.Version("site", name, number),
        Operation = operation,
    };
}
