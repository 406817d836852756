using AtomikD.Interop.Probing;
using AtomikD.Support;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.Interop.Client;

/// <summary>Our client against a server that is not ours: every shape of a call, and every way in which one ends.</summary>
public abstract class ForeignServerTests(ForeignServerRun run)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(4_000_000)]
    public async Task A_unary_call(int size)
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        byte[] payload = new byte[size];
        new Random(1).NextBytes(payload);
        ProbeReply reply = await client.SayAsync(new ProbeRequest { Text = "日本語", Payload = ByteString.CopyFrom(payload), Number = -7 }, Soon());
        Assert.Equal(("日本語", -7L, ByteString.CopyFrom(payload)), (reply.Text, reply.Number, reply.Payload));
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_and_the_connection_goes_on()
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await client.SayAsync(new ProbeRequest { Payload = ByteString.CopyFrom(new byte[5_000_000]) }, Soon()));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal("on", (await client.SayAsync(new ProbeRequest { Text = "on" }, Soon())).Text);
    }

    [Fact]
    public async Task Every_status_with_its_words_and_trailers()
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        for (int code = 1; code <= 16; code++)
        {
            string words = $"100 % of “{code}” \r\n ☠ ";
            RpcException failure = await Assert.ThrowsAsync<RpcException>(async () => await client.SayAsync(new ProbeRequest { Act = "fail", Number = code, Text = words }, Soon()));
            Assert.Equal((StatusCode)code, failure.StatusCode);
            Assert.Equal(words, failure.Status.Detail);
            Assert.Equal("end", failure.Trailers.GetValue("x-trail"));
            Assert.Equal([.. Enumerable.Range(0, 256).Select(i => (byte)i)], failure.Trailers.GetValueBytes("x-trail-bin")!);
        }
    }

    [Fact]
    public async Task Metadata_and_deadlines_arrive_on_both_sides()
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        using AsyncUnaryCall<ProbeReply> call = client.SayAsync(new ProbeRequest { Act = "metadata" }, Soon().WithHeaders([new("x-in", "a b"), new("x-in-bin", bytes)]));
        Metadata headers = await call.ResponseHeadersAsync;
        Assert.Equal("a b", headers.GetValue("x-out"));
        Assert.Equal(bytes, headers.GetValueBytes("x-out-bin"));
        Assert.InRange((await call).Number, 1, (long)s_patience.TotalMilliseconds);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 10)]
    [InlineData(2000, 1000)]
    public async Task A_stream_from_the_server(int count, int size)
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        using AsyncServerStreamingCall<ProbeReply> call = client.Count(new ProbeRequest { Number = count, Payload = ByteString.CopyFrom(new byte[size]), Text = "x" }, Soon());
        long next = 0;
        await foreach (ProbeReply reply in call.ResponseStream.ReadAllAsync(Cancellation))
            Assert.Equal((next++, size), (reply.Number, reply.Payload.Length));
        Assert.Equal(count, next);
    }

    [Fact]
    public async Task A_stream_that_fails_gives_what_came_before()
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        using AsyncServerStreamingCall<ProbeReply> call = client.Count(new ProbeRequest { Act = "fail", Number = 10, Text = "no more" }, Soon());
        for (int i = 0; i < 3; i++)
            Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancellation));
        Assert.Equal((StatusCode.Aborted, "no more"), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal("end", failure.Trailers.GetValue("x-trail"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    public async Task A_stream_to_the_server(int count)
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        using AsyncClientStreamingCall<ProbeRequest, ProbeReply> call = client.Collect(Soon());
        for (int i = 0; i < count; i++)
            await call.RequestStream.WriteAsync(new ProbeRequest { Payload = ByteString.CopyFrom(new byte[20_000]) }, Cancellation);
        await call.RequestStream.CompleteAsync();
        ProbeReply reply = await call;
        Assert.Equal(($"{count}", count * 20_000L), (reply.Text, reply.Number));
    }

    [Fact]
    public async Task A_talk_goes_back_and_forth()
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        using AsyncDuplexStreamingCall<ProbeRequest, ProbeReply> call = client.Chat(Soon());
        for (int i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new ProbeRequest { Number = i }, Cancellation);
            Assert.True(await call.ResponseStream.MoveNext(Cancellation));
            Assert.Equal(i, call.ResponseStream.Current.Number);
        }
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancellation));
    }

    [Fact]
    public async Task A_deadline_and_a_cancelling_reach_the_server()
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        long before = (await client.SayAsync(new ProbeRequest { Act = "left" }, Soon())).Number;
        CallOptions short_ = new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + TimeSpan.FromMilliseconds(200));
        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(async () => await client.SayAsync(new ProbeRequest { Act = "hang" }, short_))).StatusCode);
        using var stop = new CancellationTokenSource();
        using AsyncServerStreamingCall<ProbeReply> call = client.Count(new ProbeRequest { Act = "hang", Number = 1 }, Soon().WithCancellationToken(stop.Token));
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        await stop.CancelAsync();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        Eventually.True(() => client.Say(new ProbeRequest { Act = "left" }, Soon()).Number == before + 2, "the server knows that both have left", s_patience);
    }

    [Fact]
    public async Task A_thousand_calls_at_once_on_one_connection()
    {
        Probe.ProbeClient client = run.ClientOrSkip();
        ProbeReply[] replies = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async i => await client.SayAsync(new ProbeRequest { Number = i }, Soon())));
        Assert.Equal(Enumerable.Range(0, 1000), replies.Select(reply => (int)reply.Number));
    }

    [Fact]
    public async Task A_server_that_is_killed_is_unavailable()
    {
        run.ClientOrSkip();
        using ForeignServer server = run.Start();
        using GrpcChannel channel = server.Channel();
        var client = new Probe.ProbeClient(channel);
        using AsyncServerStreamingCall<ProbeReply> open = client.Count(new ProbeRequest { Act = "hang", Number = 1 }, Soon());
        Assert.True(await open.ResponseStream.MoveNext(Cancellation));
        server.Kill();
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => open.ResponseStream.MoveNext(Cancellation))).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await client.SayAsync(new ProbeRequest(), Soon()))).StatusCode);
    }

    private static CallOptions Soon() => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + s_patience);
}
