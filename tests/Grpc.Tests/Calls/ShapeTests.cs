using AtomikD.GrpcTests.Protos;
using AtomikD.GrpcTests.Support;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.GrpcTests.Calls;

public sealed class ShapeTests : IAsyncLifetime
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
        Assert.Empty(_server.Errors);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4000)]
    [InlineData(70_000)]
    [InlineData(4_000_000)]
    public async Task A_unary_call_carries_messages_of_any_size(int size)
    {
        byte[] payload = new byte[size];
        new Random(size).NextBytes(payload);
        EchoReply reply = await _client.SayAsync(new EchoRequest { Payload = ByteString.CopyFrom(payload) });
        Assert.Equal(payload, reply.Payload.ToByteArray());
        Assert.Equal(payload, _client.Say(new EchoRequest { Payload = ByteString.CopyFrom(payload) }).Payload.ToByteArray());
    }

    [Fact]
    public async Task A_unary_call_ends_with_status_and_trailers()
    {
        using AsyncUnaryCall<EchoReply> call = _client.SayAsync(
            new EchoRequest { Act = "metadata" },
            new Metadata { { "x-text", "one, two" }, { "x-bytes-bin", new byte[] { 0, 200, 255 } }, { "x-bytes-bin", new byte[] { 7 } }, { "x-none-bin", Array.Empty<byte>() } });
        await call;

        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Equal("one, two", call.GetTrailers().GetValue("x-text"));
        Assert.Equal([[0, 200, 255], [7]], call.GetTrailers().GetAll("x-bytes-bin").Select(e => e.ValueBytes));
        Assert.Empty(call.GetTrailers().GetValueBytes("x-none-bin")!);
    }

    [Fact]
    public async Task Headers_that_are_sent_early_arrive_early()
    {
        using AsyncServerStreamingCall<EchoReply> call = _client.Count(new CountRequest { Act = "headers" });
        Metadata headers = await call.ResponseHeadersAsync.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("bird", headers.GetValue("early"));
        Assert.Throws<InvalidOperationException>(() => call.GetStatus());
    }

    [Fact]
    public async Task Headers_of_a_unary_call_come_beside_its_message()
    {
        using AsyncUnaryCall<EchoReply> call = _client.SayAsync(new EchoRequest { Act = "headers", Text = "t" });
        Assert.Equal("bird", (await call.ResponseHeadersAsync).GetValue("early"));
        Assert.Equal("t", (await call).Text);
    }

    [Fact]
    public async Task A_server_stream_arrives_whole_and_in_order()
    {
        using AsyncServerStreamingCall<EchoReply> call = _client.Count(new CountRequest { Count = 5000, PayloadSize = 300 });
        long next = 0;
        await foreach (EchoReply reply in call.ResponseStream.ReadAllAsync())
        {
            Assert.Equal(next++, reply.Number);
            Assert.Equal(300, reply.Payload.Length);
        }
        Assert.Equal(5000, next);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task An_empty_server_stream_ends_well()
    {
        using AsyncServerStreamingCall<EchoReply> call = _client.Count(new CountRequest());
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task A_client_stream_is_counted(int count)
    {
        using AsyncClientStreamingCall<EchoRequest, EchoReply> call = _client.Collect();
        for (int i = 0; i < count; i++)
            await call.RequestStream.WriteAsync(new EchoRequest { Payload = ByteString.CopyFrom(new byte[2000]) });
        await call.RequestStream.CompleteAsync();
        Assert.Equal(count, (await call).Number);
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(new EchoRequest()));
    }

    [Fact]
    public async Task Both_sides_of_a_duplex_call_talk_in_turn()
    {
        using AsyncDuplexStreamingCall<EchoRequest, EchoReply> call = _client.Chat();
        for (int i = 0; i < 200; i++)
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = $"{i}" });
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal($"{i}", call.ResponseStream.Current.Text);
        }
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Messages_that_may_wait_arrive_with_the_end_at_the_latest()
    {
        using AsyncDuplexStreamingCall<EchoRequest, EchoReply> call = _client.Chat();
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        for (int i = 0; i < 20; i++)
            await call.RequestStream.WriteAsync(new EchoRequest { Text = $"{i}" });
        await call.RequestStream.CompleteAsync();
        int seen = 0;
        await foreach (EchoReply reply in call.ResponseStream.ReadAllAsync())
            Assert.Equal($"{seen++}", reply.Text);
        Assert.Equal(20, seen);
    }

    [Fact]
    public async Task Two_hundred_calls_share_one_connection()
    {
        EchoReply[] replies = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => _client.SayAsync(new EchoRequest { Text = $"{i}" }).ResponseAsync));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), replies.Select(r => r.Text));
    }

    [Fact]
    public async Task A_hundred_and_more_open_streams_leave_room_for_unary_calls()
    {
        var streams = new List<AsyncServerStreamingCall<EchoReply>>();
        try
        {
            for (int i = 0; i < 120; i++)
            {
                streams.Add(_client.Count(new CountRequest { Count = 1, Act = "hang" }));
                Assert.True(await streams[i].ResponseStream.MoveNext());
            }
            EchoReply reply = await _client.SayAsync(new EchoRequest { Text = "through" }).ResponseAsync.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal("through", reply.Text);
        }
        finally
        {
            streams.ForEach(s => s.Dispose());
        }
    }
}
