using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Api;

/// <summary>How calls end that do not end by themselves.</summary>
public sealed class CallGuardTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, Exception> Defects
    {
        get
        {
            var data = new TheoryData<string, Exception>();
            foreach (string call in new[] { "GetStatus", "Watch", "Upload" })
            {
                data.Add(call, new InvalidOperationException("/srv/secret"));
                // As the disk's: not to be taken for a caller that has left.
                data.Add(call, new IOException("/srv/secret"));
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Defects), DisableDiscoveryEnumeration = true)]
    public async Task An_unexpected_error_is_logged_and_its_text_told_to_nobody(string call, Exception defect)
    {
        await using GuardedService service = await new GuardedService { OnCall = _ => throw defect }.StartAsync();
        service.Log.Expect("UnexpectedInCall");

        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync(service.Client, call));

        Assert.Equal(StatusCode.Unknown, failure.StatusCode);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        LogRecord logged = Assert.Single(service.Log.Records, record => record.Name == "UnexpectedInCall");
        Assert.Same(defect, logged.Exception);
        Assert.EndsWith(call, (string)logged.Values["Call"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callers_that_leave_while_they_are_read_are_no_error()
    {
        await using GuardedService service = await new GuardedService
        {
            OnCall = async requests =>
            {
                while (await requests!.MoveNext(CancellationToken.None))
                {
                }
            },
        }.StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            for (int round = 0; round < 50; round++)
            {
                using AsyncClientStreamingCall<UploadRequest, CommitResponse> upload = service.Client.Upload(cancellationToken: Cancellation);
                try
                {
                    await upload.RequestStream.WriteAsync(new UploadRequest { Header = new UploadHeader() }, Cancellation);
                }
                catch (Exception e) when (e is RpcException or IOException or HttpRequestException)
                {
                    // Kestrel ends a connection on which so many calls are reset, and all that are on it.
                }
            }
        }, Cancellation)));

        await service.StopAsync();
        Assert.Empty(service.Log.Records);
    }

    [Fact]
    public async Task A_short_call_under_way_is_brought_to_its_end_by_a_stop()
    {
        var begun = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using GuardedService service = await new GuardedService
        {
            OnCall = _ =>
            {
                begun.SetResult();
                return goOn.Task;
            },
        }.StartAsync();
        Task call = CallAsync(service.Client, "GetStatus");
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancellation);

        Task stop = service.StopAsync();
        goOn.SetResult();

        await call.WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
        await stop;
    }

    [Fact]
    public async Task What_callers_do_wrong_is_not_in_the_log()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        int before = service.Log.Records.Count;

        await RefusedAsync(StatusCode.NotFound, service.Client.CommitAsync(new CommitRequest { Route = "nowhere", Source = "a" }).ResponseAsync);
        await RefusedAsync(StatusCode.ResourceExhausted, service.Client.CommitAsync(new CommitRequest { Route = "site", Source = new string('a', 5 << 20) }).ResponseAsync);
        var compressed = new Metadata { { "grpc-internal-encoding-request", "gzip" } };
        await RefusedAsync(StatusCode.Unimplemented, service.Client.GetStatusAsync(new GetStatusRequest(), compressed).ResponseAsync);

        Assert.DoesNotContain(service.Log.Records.Skip(before), record => record.Level > LogLevel.Debug);
    }

    private static async Task CallAsync(CommitService.CommitServiceClient client, string call)
    {
        if (call == "GetStatus")
            await client.GetStatusAsync(new GetStatusRequest());
        else if (call == "Upload")
        {
            using AsyncClientStreamingCall<UploadRequest, CommitResponse> upload = client.Upload();
            await upload;
        }
        else
        {
            using AsyncServerStreamingCall<CommitEvent> watch = client.Watch(new WatchRequest());
            await watch.ResponseStream.MoveNext(Cancellation);
        }
    }

    private static async Task RefusedAsync(StatusCode code, Task call) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
}
