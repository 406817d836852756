using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Xunit;

namespace AtomikD.Api;

/// <summary>Following commits: in order, without a gap, and never at the cost of those who commit.</summary>
public sealed class WatchCallTests
{
    private static CancellationToken Limit => new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token;

    [Fact]
    public async Task It_tells_of_commits_rollbacks_and_removals_from_its_headers_on()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await CommitAsync(service, "a", "before");
        using AsyncServerStreamingCall<CommitEvent> watch = service.Client.Watch(new WatchRequest(), cancellationToken: Limit);
        await watch.ResponseHeadersAsync;

        await CommitAsync(service, "a", "after");
        await service.Client.RollbackAsync(new RollbackRequest { Route = "site", Name = "a" });
        await service.Client.RemoveAsync(new RemoveRequest { Route = "site", Name = "a" });

        Assert.Equal(
            [(Operation.Commit, 2L), (Operation.Rollback, 3L), (Operation.Remove, 3L)],
            (await TakeAsync(watch, 3)).Select(e => (e.Operation, e.Version.Number)));
    }

    [Fact]
    public async Task Live_versions_come_first_and_then_what_follows()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        foreach (string name in (string[])["a", "b", "a", "gone"])
            await CommitAsync(service, name, "x");
        await service.Client.RemoveAsync(new RemoveRequest { Route = "site", Name = "gone" });

        using AsyncServerStreamingCall<CommitEvent> watch = service.Client.Watch(new WatchRequest { InitialLive = true }, cancellationToken: Limit);
        List<CommitEvent> live = await TakeAsync(watch, 2);
        await CommitAsync(service, "b", "y");
        CommitEvent next = Assert.Single(await TakeAsync(watch, 1));

        Assert.Equal([("b", 1L, true), ("a", 2L, true)], live.Select(e => (e.Version.Name, e.Version.Number, e.Initial)));
        Assert.Equal(("b", 2L, false), (next.Version.Name, next.Version.Number, next.Initial));
    }

    [Fact]
    public async Task It_goes_on_without_a_gap_while_commits_keep_coming()
    {
        const int Count = 600;
        await using ServiceHarness service = await new ServiceHarness(route => route with { Durability = Configuration.Durability.None }).StartAsync();
        long start = service.Engine.Journal.LastSequence;
        Task commits = Task.Run(async () =>
        {
            for (int i = 0; i < Count; i++)
                await CommitAsync(service, $"n{i % 7}", "x");
        });
        var seen = new List<long>();
        long last = start;
        while (seen.Count < Count)
        {
            // Broken off again and again, at places of no choice.
            using AsyncServerStreamingCall<CommitEvent> watch = service.Client.Watch(new WatchRequest { AfterSequence = last }, cancellationToken: Limit);
            foreach (CommitEvent told in await TakeAsync(watch, Math.Min(1 + seen.Count % 13, Count - seen.Count)))
            {
                seen.Add(told.Sequence);
                last = told.Sequence;
            }
        }
        await commits;

        List<long> all = [.. service.Engine.Journal.Write(false, s => s.SuccessesAfter(start, Count + 1)).Select(row => row.Sequence)];
        Assert.Equal(all, seen);
    }

    [Fact]
    [Trait("Promise", "P9")]
    public async Task A_watcher_that_never_reads_delays_nobody_and_misses_nothing()
    {
        const int Count = 6000;
        await using ServiceHarness service = await new ServiceHarness(route => route with { Durability = Configuration.Durability.None, Keep = 0 }).StartAsync();
        using AsyncServerStreamingCall<CommitEvent> stuck = service.Client.Watch(new WatchRequest(), cancellationToken: new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);
        await stuck.ResponseHeadersAsync;

        // More than is kept in memory, and more than fits the windows of the connection.
        for (int i = 0; i < Count; i += 500)
        {
            await Task.WhenAll(Enumerable.Range(i, 500).Select(async n =>
            {
                File.WriteAllText(service.Staged($"f{n}"), "x");
                await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = $"f{n}", Labels = { ["a"] = new string('x', 200) } });
            }));
        }

        List<CommitEvent> told = await TakeAsync(stuck, Count);
        Assert.Equal(Count, told.Select(e => e.Version.Name).Distinct().Count());
        Assert.Equal(told.Select(e => e.Sequence).Order(), told.Select(e => e.Sequence));
    }

    [Fact]
    public async Task What_history_does_not_reach_back_to_is_out_of_range()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await CommitAsync(service, "a", "x");

        foreach (long sequence in (long[])[0, 1, service.Engine.Journal.LastSequence + 1, long.MaxValue])
        {
            using AsyncServerStreamingCall<CommitEvent> watch = service.Client.Watch(new WatchRequest { AfterSequence = sequence }, cancellationToken: Limit);
            RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await watch.ResponseStream.MoveNext(Limit));
            Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
        }
    }

    [Fact]
    public async Task One_that_has_fallen_behind_the_history_is_told()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Keep = 0, KeepFor = TimeSpan.Zero }).StartAsync();
        await CommitAsync(service, "a", "x");
        long first = service.Engine.Journal.LastSequence;
        await CommitAsync(service, "a", "y");
        await CommitAsync(service, "a", "z");
        await service.Client.PruneAsync(new PruneRequest());
        Eventually.True(() => service.Engine.Journal.Write(false, s => s.PruneHistory(TimeSpan.Zero, 100)) == 0 && service.Engine.Journal.Write(false, s => s.HistoryFrom) > first, "history is shortened");

        using AsyncServerStreamingCall<CommitEvent> watch = service.Client.Watch(new WatchRequest { AfterSequence = first - 1 }, cancellationToken: Limit);

        Assert.Equal(StatusCode.OutOfRange, (await Assert.ThrowsAsync<RpcException>(async () => await watch.ResponseStream.MoveNext(Limit))).StatusCode);
    }

    [Fact]
    public async Task Only_the_wanted_routes_are_told_of()
    {
        var service = new ServiceHarness();
        service.Settings = service.Settings with { Routes = [.. service.Settings.Routes, service.NewRoute("other")] };
        await using ServiceHarness started = await service.StartAsync();
        using AsyncServerStreamingCall<CommitEvent> watch = service.Client.Watch(new WatchRequest { Routes = { "other" } }, cancellationToken: Limit);
        await watch.ResponseHeadersAsync;
        await CommitAsync(service, "a", "x");
        File.WriteAllText(Path.Combine(service.Settings.Routes[1].Staging, "b"), "x");
        await service.Client.CommitAsync(new CommitRequest { Route = "other", Source = "b" });

        Assert.Equal("b", Assert.Single(await TakeAsync(watch, 1)).Version.Name);
        using AsyncServerStreamingCall<CommitEvent> unknown = service.Client.Watch(new WatchRequest { Routes = { "nowhere" } }, cancellationToken: Limit);
        Assert.Equal("ROUTE_NOT_FOUND", CallFailure.Of(await Assert.ThrowsAsync<RpcException>(async () => await unknown.ResponseStream.MoveNext(Limit))).Reason);
    }

    [Fact]
    public async Task It_ends_when_the_service_stops_and_goes_on_after_the_next_start()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using AsyncServerStreamingCall<CommitEvent> watch = service.Client.Watch(new WatchRequest(), cancellationToken: Limit);
        await watch.ResponseHeadersAsync;
        await CommitAsync(service, "a", "x");
        long last = Assert.Single(await TakeAsync(watch, 1)).Sequence;

        await service.StopAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await watch.ResponseStream.MoveNext(Limit))).StatusCode);

        await service.StartAsync();
        await CommitAsync(service, "a", "y");
        using AsyncServerStreamingCall<CommitEvent> again = service.Client.Watch(new WatchRequest { AfterSequence = last }, cancellationToken: Limit);
        Assert.Equal(2, Assert.Single(await TakeAsync(again, 1)).Version.Number);
    }

    private static async Task CommitAsync(ServiceHarness service, string name, string text)
    {
        service.Stage(name, text);
        await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = name });
    }

    private static async Task<List<CommitEvent>> TakeAsync(AsyncServerStreamingCall<CommitEvent> watch, int count)
    {
        var events = new List<CommitEvent>();
        while (events.Count < count && await watch.ResponseStream.MoveNext(CancellationToken.None))
            events.Add(watch.ResponseStream.Current);
        return events;
    }
}
