using System.Diagnostics;
using AtomikD.GrpcTests.Protos;
using AtomikD.GrpcTests.Support;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.GrpcTests.Calls;

/// <summary>Deadlines, cancellation from both sides, limits, early answers, slow readers, shutdown.</summary>
public sealed class EndingTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

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
        Assert.Empty(_server.Errors);
    }

    [Fact]
    public async Task A_deadline_ends_the_call_on_both_sides()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            async () => await _client.SayAsync(new EchoRequest { Act = "hang", Text = "deadline" }, deadline: In(2)));
        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await _server.Service.WhenCancelled("deadline").WaitAsync(s_patience);
    }

    [Fact]
    public async Task A_deadline_reaches_the_handler()
    {
        EchoReply reply = await _client.SayAsync(new EchoRequest { Act = "deadline" }, deadline: In(60));
        Assert.InRange(new TimeSpan(reply.Number).TotalSeconds, 30, 60);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_sends_nothing()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            async () => await _client.SayAsync(new EchoRequest { Act = "throw" }, deadline: In(-1)));
        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
    }

    [Fact]
    public async Task A_deadline_ends_a_stream_that_waits()
    {
        using AsyncServerStreamingCall<EchoReply> call = _client.Count(new CountRequest { Count = 1, Act = "hang" }, deadline: In(2));
        Assert.True(await call.ResponseStream.MoveNext());
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await _server.Service.WhenCancelled("count").WaitAsync(s_patience);
    }

    [Fact]
    public async Task A_token_cancels_a_unary_call_on_both_sides()
    {
        using var cancel = new CancellationTokenSource();
        using AsyncUnaryCall<EchoReply> call = _client.SayAsync(new EchoRequest { Act = "hang", Text = "token" }, cancellationToken: cancel.Token);
        await _server.Service.WhenHanging("token").WaitAsync(s_patience);
        await cancel.CancelAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        await _server.Service.WhenCancelled("token").WaitAsync(s_patience);
    }

    [Fact]
    public async Task Disposing_a_stream_that_nobody_reads_resets_it()
    {
        AsyncServerStreamingCall<EchoReply> call = _client.Count(new CountRequest { Count = 1, Act = "hang" });
        Assert.True(await call.ResponseStream.MoveNext());
        call.Dispose();
        await _server.Service.WhenCancelled("count").WaitAsync(s_patience);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
    }

    [Fact]
    public async Task The_token_of_one_read_cancels_the_stream()
    {
        using AsyncDuplexStreamingCall<EchoRequest, EchoReply> call = _client.Chat();
        await call.RequestStream.WriteAsync(new EchoRequest { Act = "hang", Text = "read" });
        using var cancel = new CancellationTokenSource();
        Task<bool> read = call.ResponseStream.MoveNext(cancel.Token);
        await _server.Service.WhenHanging("read").WaitAsync(s_patience);
        await cancel.CancelAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => read);
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        await _server.Service.WhenCancelled("read").WaitAsync(s_patience);
    }

    [Fact]
    public async Task Messages_over_the_limit_are_refused_whichever_way_they_go()
    {
        var large = new EchoRequest { Payload = ByteString.CopyFrom(new byte[5_000_000]) };
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(async () => await _client.SayAsync(large))).StatusCode);

        var ask = new EchoRequest { Act = "big", Text = "5000000" };
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(async () => await _client.SayAsync(ask))).StatusCode);

        using GrpcChannel small = _server.Channel(o => o.MaxSendMessageSize = 100);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await new Echo.EchoClient(small).SayAsync(large));
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);

        // The connection is none the worse for it.
        Assert.Equal("x", (await _client.SayAsync(new EchoRequest { Text = "x" })).Text);
    }

    [Fact]
    public async Task The_servers_own_limit_on_what_it_sends_leaves_a_clean_status()
    {
        await using EchoServer server = await EchoServer.StartAsync(o => o.MaxSendMessageSize = 1000);
        using GrpcChannel channel = server.Channel();
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            async () => await new Echo.EchoClient(channel).SayAsync(new EchoRequest { Act = "big", Text = "2000" }));
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
    }

    [Theory]
    [InlineData("status", 10)]
    [InlineData("answer", 0)]
    public async Task An_early_answer_frees_a_client_that_still_sends(string act, int code)
    {
        var expected = (StatusCode)code;
        using AsyncClientStreamingCall<EchoRequest, EchoReply> call = _client.Collect();
        var chunk = new EchoRequest { Payload = ByteString.CopyFrom(new byte[100_000]) };
        await call.RequestStream.WriteAsync(new EchoRequest { Act = act });
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 10_000; i++)
                await call.RequestStream.WriteAsync(chunk);
        });

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => sending.WaitAsync(s_patience));
        Assert.Equal(expected, e.StatusCode);
        if (expected == StatusCode.OK)
            Assert.Equal("early", (await call).Text);
        Assert.Equal(expected, call.GetStatus().StatusCode);
        _ = call.ResponseAsync.Exception;
    }

    [Fact]
    public async Task Hundreds_of_early_answers_do_not_cost_the_connection()
    {
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) <= 600)
            {
                using AsyncClientStreamingCall<EchoRequest, EchoReply> call = _client.Collect();
                RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
                {
                    await call.RequestStream.WriteAsync(new EchoRequest { Act = "status" });
                    await call;
                });
                Assert.True(e.StatusCode == StatusCode.Aborted, e.Message);
            }
        }));
    }

    [Fact]
    public async Task A_slow_reader_holds_its_server_back()
    {
        using AsyncServerStreamingCall<EchoReply> call = _client.Count(new CountRequest { Count = 10_000, PayloadSize = 10_000 });
        Assert.True(await call.ResponseStream.MoveNext());
        long before;
        do
        {
            before = Volatile.Read(ref _server.Service.Sent);
            await Task.Delay(300);
        }
        while (Volatile.Read(ref _server.Service.Sent) != before);

        // 100 MB were asked for; what the windows and buffers hold is sent.
        Assert.InRange(before, 1, 3000);
        // A neighbour on the same connection is served meanwhile.
        Assert.Equal("n", (await _client.SayAsync(new EchoRequest { Text = "n" }).ResponseAsync.WaitAsync(s_patience)).Text);

        int seen = 1;
        while (await call.ResponseStream.MoveNext())
            seen++;
        Assert.Equal(10_000, seen);
    }

    [Theory]
    [InlineData("hang")]
    [InlineData("until-token")]
    public async Task Shutdown_ends_streams_at_once_and_lets_unary_calls_finish(string act)
    {
        await using EchoServer server = await EchoServer.StartAsync();
        using GrpcChannel channel = server.Channel();
        var client = new Echo.EchoClient(channel);
        using AsyncServerStreamingCall<EchoReply> stream = client.Count(new CountRequest { Count = 1, Act = act });
        Assert.True(await stream.ResponseStream.MoveNext());
        using AsyncClientStreamingCall<EchoRequest, EchoReply> upload = client.Collect();
        await upload.RequestStream.WriteAsync(new EchoRequest());

        long start = Stopwatch.GetTimestamp();
        Task stopping = server.App.StopAsync();
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext())).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await upload)).StatusCode);
        await stopping.WaitAsync(s_patience);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
    }

    [Fact]
    public async Task Shutdown_does_not_wait_for_a_reader_that_does_not_read()
    {
        await using EchoServer server = await EchoServer.StartAsync();
        using GrpcChannel channel = server.Channel();
        using AsyncServerStreamingCall<EchoReply> stream = new Echo.EchoClient(channel).Count(new CountRequest { Count = 10_000, PayloadSize = 10_000 });
        Assert.True(await stream.ResponseStream.MoveNext());
        await server.App.StopAsync().WaitAsync(s_patience);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.ResponseStream.MoveNext())
            {
            }
        });
        Assert.True(e.StatusCode == StatusCode.Unavailable, e.Message);
    }

    [Fact]
    public async Task A_connection_that_breaks_is_told_from_one_that_was_never_made()
    {
        await using EchoServer server = await EchoServer.StartAsync();
        using GrpcChannel channel = server.Channel();
        using AsyncUnaryCall<EchoReply> call = new Echo.EchoClient(channel).SayAsync(new EchoRequest { Act = "hang", Text = "broken" });
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        // The handler hangs until its caller goes: an impatient stop breaks the connection.
        await server.Service.WhenHanging("broken").WaitAsync(s_patience);
        await server.App.StopAsync(now.Token);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await call.ResponseAsync.WaitAsync(s_patience));
        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        Assert.NotNull(e.Status.DebugException);
        Assert.False(e.Status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError });
    }

    [Fact]
    public async Task Disposing_the_channel_ends_its_calls()
    {
        GrpcChannel channel = _server.Channel();
        using AsyncServerStreamingCall<EchoReply> stream = new Echo.EchoClient(channel).Count(new CountRequest { Count = 1, Act = "hang" });
        Assert.True(await stream.ResponseStream.MoveNext());
        channel.Dispose();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext())).StatusCode);
        await _server.Service.WhenCancelled("count").WaitAsync(s_patience);
        Assert.Throws<ObjectDisposedException>(() => new Echo.EchoClient(channel).Say(new EchoRequest()));
    }

    private static DateTime In(double seconds) => TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(seconds);
}
