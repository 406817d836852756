using AtomikD.GrpcTests.Protos;
using AtomikD.GrpcTests.Support;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.GrpcTests.Calls;

public sealed class StatusTests : IAsyncLifetime
{
    private EchoServer _server = null!;
    private GrpcChannel _channel = null!;
    private Echo.EchoClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await EchoServer.StartAsync();
        _channel = _server.Channel();
        _client = new Echo.EchoClient(_channel);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_status_arrives_with_its_message_and_trailers()
    {
        using AsyncUnaryCall<EchoReply> call = _client.SayAsync(new EchoRequest { Act = "status", Text = " Grüße, 100 % 日本 \n" });
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        Assert.Equal(" Grüße, 100 % 日本 \n", e.Status.Detail);
        Assert.Equal("because", e.Trailers.GetValue("reason"));
        Assert.Equal([0, 1, 2, 255], e.Trailers.GetValueBytes("details-bin")!);
        Assert.Equal("yes", e.Trailers.GetValue("from-handler"));
        Assert.Equal(e.Status, call.GetStatus());
        Assert.Empty(_server.Errors);
    }

    [Fact]
    public async Task An_exception_tells_the_caller_nothing_and_the_log_everything()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await _client.SayAsync(new EchoRequest { Act = "throw", Text = "x" }));

        Assert.Equal(StatusCode.Unknown, e.StatusCode);
        Assert.DoesNotContain("secret", e.Status.Detail);
        Assert.Contains("secret: x", Assert.Single(_server.Errors));
    }

    [Fact]
    public async Task A_status_that_the_handler_sets_comes_without_a_message()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await _client.SayAsync(new EchoRequest { Act = "set-status" }));
        Assert.Equal(StatusCode.NotFound, e.StatusCode);
        Assert.Equal("not here", e.Status.Detail);
    }

    [Fact]
    public async Task A_late_status_follows_the_messages()
    {
        using AsyncServerStreamingCall<EchoReply> call = _client.Count(new CountRequest { Count = 3, Act = "status" });
        var seen = new List<long>();
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (EchoReply reply in call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
                seen.Add(reply.Number);
        });

        Assert.Equal([0, 1, 2], seen);
        Assert.Equal(StatusCode.DataLoss, e.StatusCode);
        Assert.Equal("because", e.Trailers.GetValue("reason"));
    }

    [Fact]
    public async Task A_method_that_the_service_leaves_out_is_unimplemented()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await _client.MissingAsync(new EchoRequest()));
        Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
    }

    [Fact]
    public async Task A_method_or_service_that_nobody_knows_is_unimplemented()
    {
        foreach ((string service, string name) in new[] { ("test.v1.Echo", "Nothing"), ("no.Such", "Thing") })
        {
            var method = new Method<string, string>(MethodType.Unary, service, name, Marshallers.StringMarshaller, Marshallers.StringMarshaller);
            RpcException e = await Assert.ThrowsAsync<RpcException>(
                async () => await _channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, "x"));
            Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
        }
    }

    [Fact]
    public async Task A_missing_server_is_unavailable_and_says_that_nothing_was_sent()
    {
        using GrpcChannel channel = GrpcChannel.ForAddress(
            "http://localhost", new GrpcChannelOptions { HttpHandler = EchoServer.HandlerFor("/nowhere/at/all"), DisposeHttpClient = true });
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await new Echo.EchoClient(channel).SayAsync(new EchoRequest()));

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        HttpRequestException cause = Assert.IsType<HttpRequestException>(e.Status.DebugException);
        Assert.Equal(HttpRequestError.ConnectionError, cause.HttpRequestError);
    }

    [Fact]
    public async Task An_answer_that_is_not_gRPC_is_told_by_its_http_status()
    {
        var method = new Method<string, string>(MethodType.Unary, "empty", "", Marshallers.StringMarshaller, Marshallers.StringMarshaller);
        // The route is /empty, the call goes to /empty/: found by routing all the same.
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            async () => await _channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, "x"));
        Assert.Equal(StatusCode.Unknown, e.StatusCode);
    }
}
