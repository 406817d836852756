using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using AtomikD.GrpcTests.Support;
using Grpc.Core;
using Grpc.Core.Wire;
using Xunit;

namespace AtomikD.GrpcTests.Wire;

public sealed class FrameTests
{
    private static readonly Marshaller<string> s_text = Marshallers.StringMarshaller;

    [Fact]
    public async Task Messages_are_found_wherever_the_bytes_were_cut()
    {
        byte[] bytes = Frames("first", "", "the third");
        for (int one = 0; one <= bytes.Length; one++)
        {
            for (int two = one; two <= bytes.Length; two++)
            {
                FrameReader reader = Reader(bytes[..one], bytes[one..two], bytes[two..]);
                Assert.Equal("first", await reader.ReadAsync(s_text, default));
                Assert.Equal("", await reader.ReadAsync(s_text, default));
                Assert.Equal("the third", await reader.ReadAsync(s_text, default));
                Assert.Null(await reader.ReadAsync(s_text, default));
                Assert.Null(await reader.ReadAsync(s_text, default));
            }
        }
    }

    [Fact]
    public async Task Messages_arrive_byte_by_byte()
    {
        FrameReader reader = Reader([.. Frames("slow", "er").Select(b => new[] { b })]);
        Assert.Equal("slow", await reader.ReadAsync(s_text, default));
        Assert.Equal("er", await reader.ReadAsync(s_text, default));
        Assert.Null(await reader.ReadAsync(s_text, default));
    }

    [Fact]
    public async Task A_stream_that_ends_within_a_message_is_an_internal_error()
    {
        byte[] bytes = Frames("whole", "cut");
        for (int end = Frames("whole").Length + 1; end < bytes.Length; end++)
        {
            FrameReader reader = Reader(bytes[..end]);
            Assert.Equal("whole", await reader.ReadAsync(s_text, default));
            Assert.Equal(StatusCode.Internal, await FailureOf(reader));
        }
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_by_its_prefix()
    {
        byte[] prefix = [0, 0, 0, 0, 11];
        Assert.Equal(StatusCode.ResourceExhausted, await FailureOf(Limited(10, prefix)));
        Assert.Equal(StatusCode.ResourceExhausted, await FailureOf(Limited(10, [0, 255, 255, 255, 255])));
        Assert.Equal(StatusCode.ResourceExhausted, await FailureOf(Limited(null, [0, 128, 0, 0, 0])));
        Assert.Equal("ten bytes.", await Limited(10, Frames("ten bytes.")).ReadAsync(s_text, default));
    }

    [Fact]
    public async Task A_compressed_message_is_refused_and_noted()
    {
        FrameReader reader = Reader([1, 0, 0, 0, 1, 65]);
        Assert.Equal(StatusCode.Unimplemented, await FailureOf(reader));
        Assert.True(reader.SawCompressed);
    }

    [Fact]
    public async Task An_unknown_flag_is_an_internal_error() =>
        Assert.Equal(StatusCode.Internal, await FailureOf(Reader([2, 0, 0, 0, 1, 65])));

    [Fact]
    public async Task What_the_deserialiser_throws_is_an_internal_error()
    {
        var broken = new Marshaller<string>((_, _) => { }, _ => throw new FormatException("no"));
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await Reader(Frames("x")).ReadAsync(broken, default));
        Assert.Equal(StatusCode.Internal, e.StatusCode);
        Assert.IsType<FormatException>(e.Status.DebugException);
    }

    [Fact]
    public async Task A_second_message_is_noticed_where_one_is_due()
    {
        FrameReader reader = Reader(Frames("one", "two"));
        await reader.ReadAsync(s_text, default);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await reader.ReadEndAsync(StatusCode.Unimplemented, default));
        Assert.Equal(StatusCode.Unimplemented, e.StatusCode);
    }

    [Fact]
    public async Task The_end_may_come_later_than_the_message()
    {
        var pipe = new Pipe();
        var reader = new FrameReader(pipe.Reader, null, StatusCode.Internal);
        await pipe.Writer.WriteAsync(Frames("one"));
        Assert.Equal("one", await reader.ReadAsync(s_text, default));
        ValueTask end = reader.ReadEndAsync(StatusCode.Internal, default);
        Assert.False(end.IsCompleted);
        await pipe.Writer.CompleteAsync();
        await end;
    }

    [Fact]
    public void A_serialiser_may_say_the_length_first_or_not_at_all()
    {
        byte[] expected = Frames("abc");
        Assert.Equal(expected, Written((_, context) =>
        {
            context.SetPayloadLength(3);
            context.GetBufferWriter().Write("abc"u8);
            context.Complete();
        }));
        Assert.Equal(expected, Written((_, context) =>
        {
            context.GetBufferWriter().Write("abc"u8);
            context.Complete();
        }));
        Assert.Equal(expected, Written((_, context) => context.Complete("abc"u8.ToArray())));
    }

    [Fact]
    public void A_message_shorter_than_it_said_breaks_the_stream()
    {
        var writer = new FrameWriter(new ArrayBufferWriter<byte>(), null);
        var lying = new Marshaller<string>(
            (_, context) =>
            {
                context.SetPayloadLength(4);
                context.GetBufferWriter().Write("abc"u8);
                context.Complete();
            },
            _ => "");
        Assert.Throws<InvalidOperationException>(() => writer.Write(lying, "x"));
        Assert.True(writer.Broken);
    }

    [Fact]
    public void A_message_over_the_limit_leaves_no_byte_behind()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new FrameWriter(output, 2);
        RpcException e = Assert.Throws<RpcException>(() => writer.Write(s_text, "abc"));
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal(0, output.WrittenCount);
        Assert.False(writer.Broken);
        writer.Write(s_text, "ab");
        Assert.Equal(Frames("ab"), output.WrittenSpan.ToArray());
    }

    private static byte[] Written(Action<string, SerializationContext> serializer)
    {
        var output = new ArrayBufferWriter<byte>();
        new FrameWriter(output, null).Write(new Marshaller<string>(serializer, _ => ""), "");
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Frames(params string[] messages)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new FrameWriter(output, null);
        foreach (string message in messages)
            writer.Write(s_text, message);
        Assert.Equal(0, output.WrittenSpan[0]);
        Assert.Equal(messages[0].Length, BinaryPrimitives.ReadInt32BigEndian(output.WrittenSpan[1..]));
        return output.WrittenSpan.ToArray();
    }

    private static FrameReader Reader(params byte[][] chunks) => Limited(null, chunks);

    private static FrameReader Limited(int? limit, params byte[][] chunks) =>
        new(PipeReader.Create(new ChunkStream(chunks)), limit, StatusCode.Unimplemented);

    private static async Task<StatusCode> FailureOf(FrameReader reader) =>
        (await Assert.ThrowsAsync<RpcException>(async () => await reader.ReadAsync(s_text, default))).StatusCode;
}
