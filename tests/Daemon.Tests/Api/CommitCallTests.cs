using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Doors;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Xunit;

namespace AtomikD.Api;

/// <summary>Commit, rollback, remove, hold and release as calls.</summary>
public sealed class CommitCallTests
{
    [Fact]
    public async Task A_staged_folder_is_committed_and_described()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("build", "one");

        CommitResponse response = await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "build", Name = "app", Labels = { ["git"] = "abc" } });

        V1.Version version = response.Version;
        Assert.False(response.Repeated);
        Assert.Equal(("site", "app", 1L, 0L), (version.Route, version.Name, version.Number, version.Replaced));
        Assert.Equal((V1.VersionState.Live, V1.ItemKind.Folder, 1L, 3L), (version.State, version.Kind, version.Files, version.Bytes));
        Assert.Equal("abc", version.Labels["git"]);
        Assert.Equal(Peer.NameOf(Linux.Unistd.GetEuid()), version.CommittedBy);
        Assert.Equal(service.Live("app"), version.Path);
        Assert.Equal("one", File.ReadAllText(Path.Combine(service.Live("app"), "index.html")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(service.Staging)); // No receipt.
    }

    [Fact]
    [Trait("Promise", "P4")]
    public async Task A_request_id_that_succeeded_is_answered_again()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "one");
        var request = new CommitRequest { Route = "site", Source = "a", RequestId = "r" };
        Assert.False((await service.Client.CommitAsync(request)).Repeated);

        service.Stage("a", "two");
        CommitResponse again = await service.Client.CommitAsync(request);

        Assert.True(again.Repeated);
        Assert.Equal(1, again.Version.Number);
        Assert.Equal("one", File.ReadAllText(Path.Combine(service.Live("a"), "index.html")));
        Assert.True(Directory.Exists(service.Staged("a")));
    }

    [Fact]
    [Trait("Promise", "P4")]
    public async Task A_rollback_and_a_removal_with_a_request_id_are_done_once()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        foreach (string text in (string[])["one", "two", "three"])
        {
            service.Stage("a", text);
            await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" });
        }

        var back = new RollbackRequest { Route = "site", Name = "a", RequestId = "back" };
        Assert.Equal(4, (await service.Client.RollbackAsync(back)).Version.Number);
        CommitResponse again = await service.Client.RollbackAsync(back);
        Assert.Equal((4L, true), (again.Version.Number, again.Repeated));
        Assert.Equal("two", File.ReadAllText(Path.Combine(service.Live("a"), "index.html")));

        var down = new RemoveRequest { Route = "site", Name = "a", RequestId = "down" };
        Assert.False((await service.Client.RemoveAsync(down)).Repeated);
        Assert.True((await service.Client.RemoveAsync(down)).Repeated);
        Assert.False(Directory.Exists(service.Live("a")));
    }

    [Fact]
    public async Task Expected_version_compares_and_swaps()
    {
        await using ServiceHarness service = await new ServiceHarness(route => route with { Overwrite = OverwritePolicy.OnRequest }).StartAsync();
        service.Stage("a", "one");
        await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a", ExpectedVersion = 0 });
        service.Stage("a", "two");

        CallFailure exists = await CallFailure.OfAsync(service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a", ExpectedVersion = 0 }));
        CallFailure other = await CallFailure.OfAsync(service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a", ExpectedVersion = 7 }));
        CommitResponse swapped = await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a", ExpectedVersion = 1 });

        Assert.Equal((StatusCode.Aborted, "VERSION_MISMATCH"), (exists.Code, exists.Reason));
        Assert.Equal((StatusCode.Aborted, "VERSION_MISMATCH"), (other.Code, other.Reason));
        Assert.Equal(2, swapped.Version.Number);
    }

    [Fact]
    public async Task Absent_and_false_overwrite_are_different_things()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync(); // Overwrite = always
        service.Stage("a", "one");
        await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" });
        service.Stage("a", "two");

        CallFailure refused = await CallFailure.OfAsync(service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a", Overwrite = false }));
        CommitResponse replaced = await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" });

        Assert.Equal((StatusCode.AlreadyExists, "TARGET_EXISTS", "false"), (refused.Code, refused.Reason, refused.Metadata["retryable"]));
        Assert.Equal(2, replaced.Version.Number);
    }

    [Fact]
    public async Task A_held_name_refuses_commits_until_it_is_released()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        await service.Client.HoldAsync(new HoldRequest { Route = "site", Name = "a", Reason = "audit" });
        service.Stage("a", "one");

        CallFailure held = await CallFailure.OfAsync(service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" }));
        Assert.Equal((StatusCode.FailedPrecondition, "HELD", "true"), (held.Code, held.Reason, held.Metadata["retryable"]));
        Assert.Contains("audit", held.Message, StringComparison.Ordinal);
        GetStatusResponse status = await service.Client.GetStatusAsync(new GetStatusRequest());
        Assert.Equal(("a", "audit"), Assert.Single(status.Routes[0].HeldNames) is var name ? (name.Name, name.Reason) : default);

        await service.Client.ReleaseAsync(new ReleaseRequest { Route = "site", Name = "a" });
        Assert.Equal(1, (await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" })).Version.Number);
    }

    [Fact]
    public async Task A_refused_item_is_where_the_error_says()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "one");

        CallFailure refused = await CallFailure.OfAsync(service.Client.CommitAsync(
            new CommitRequest { Route = "site", Source = "a", Sha256 = new string('0', 64) }));

        Assert.Equal((StatusCode.FailedPrecondition, "CHECKSUM_MISMATCH"), (refused.Code, refused.Reason));
        Assert.Equal(service.Staged("a"), refused.Metadata["item"]);
        Assert.True(Directory.Exists(service.Staged("a")));
    }

    public static TheoryData<string, string, string> BadRequests => new()
    {
        { "no source", "INVALID_NAME", "InvalidArgument" },
        { "a path as source", "INVALID_NAME", "InvalidArgument" },
        { "a dot name", "INVALID_NAME", "InvalidArgument" },
        { "a short sha256", "BAD_MARKER", "InvalidArgument" },
        { "a negative version", "BAD_MARKER", "InvalidArgument" },
        { "a long request id", "BAD_MARKER", "InvalidArgument" },
        { "a thousand labels", "BAD_MARKER", "InvalidArgument" },
        { "no route", "ROUTE_NOT_FOUND", "NotFound" },
        { "another route", "ROUTE_NOT_FOUND", "NotFound" },
        { "no item", "ITEM_NOT_FOUND", "NotFound" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_bad_request_says_what_is_wrong_and_changes_nothing(string what, string reason, string code)
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "one");
        var request = new CommitRequest { Route = "site", Source = "a" };
        switch (what)
        {
            case "no source":
                request.Source = "";
                break;
            case "a path as source":
                request.Source = "../live/.atomikd";
                break;
            case "a dot name":
                request.Name = ".a";
                break;
            case "a short sha256":
                request.Sha256 = "abc";
                break;
            case "a negative version":
                request.ExpectedVersion = -1;
                break;
            case "a long request id":
                request.RequestId = new string('r', 257);
                break;
            case "a thousand labels":
                for (int i = 0; i < 1000; i++)
                    request.Labels.Add($"l{i}", "");
                break;
            case "no route":
                request.Route = "";
                break;
            case "another route":
                request.Route = "elsewhere";
                break;
            default:
                request.Source = "b";
                break;
        }

        CallFailure refused = await CallFailure.OfAsync(service.Client.CommitAsync(request));

        Assert.Equal((reason, code), (refused.Reason, refused.Code.ToString()));
        Assert.True(Directory.Exists(service.Staged("a")));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(service.Target), entry => !entry.EndsWith(".atomikd", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_reason_has_a_status_code_of_its_own_choice()
    {
        foreach (Reason reason in Enum.GetValues<Reason>())
            Assert.Equal(reason == Reason.IoError, Failures.CodeOf(reason) == StatusCode.Internal);
    }

    [Fact]
    public async Task Cancelling_the_call_ends_the_waiting_and_not_the_commit()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "one");
        using var cancellation = new CancellationTokenSource();
        using (FileStream writer = File.OpenWrite(Path.Combine(service.Staged("a"), "index.html")))
        {
            AsyncUnaryCall<CommitResponse> call = service.Client.CommitAsync(
                new CommitRequest { Route = "site", Source = "a", RequestId = "r" }, cancellationToken: cancellation.Token);
            Eventually.True(() => service.Route.Lane!.QueueOf(service.Route).Length == 1, "the commit waits for the writer");
            await cancellation.CancelAsync();
            Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode);
        }

        Eventually.True(() => Directory.Exists(service.Live("a")), "the commit goes on");
        Assert.True((await service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a", RequestId = "r" })).Repeated);
    }

    [Fact]
    public async Task A_deadline_ends_the_waiting_and_not_the_commit()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "one");
        using (FileStream writer = File.OpenWrite(Path.Combine(service.Staged("a"), "index.html")))
        {
            // On a busy machine a deadline can pass before the call is heard: nothing has begun then, and a longer one is tried.
            for (TimeSpan wait = TimeSpan.FromMilliseconds(300); service.Route.Lane!.QueueOf(service.Route).Length == 0; wait *= 2)
            {
                Assert.True(wait < TimeSpan.FromSeconds(9), "no call was heard before its deadline");
                RpcException late = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.CommitAsync(
                    new CommitRequest { Route = "site", Source = "a" }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.Add(wait)));
                Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
            }
        }

        Eventually.True(() => Directory.Exists(service.Live("a")), "the commit goes on");
    }

    [Fact]
    public async Task A_commit_in_work_is_answered_when_the_service_stops()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("a", "one");
        Task<CommitResponse> call;
        using (FileStream writer = File.OpenWrite(Path.Combine(service.Staged("a"), "index.html")))
        {
            call = service.Client.CommitAsync(new CommitRequest { Route = "site", Source = "a" }).ResponseAsync;
            Eventually.True(() => service.Route.Lane!.QueueOf(service.Route).Length == 1, "the commit waits for the writer");
        }

        await service.StopAsync();

        Assert.Equal(1, (await call).Version.Number);
    }
}
