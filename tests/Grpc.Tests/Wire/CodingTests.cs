using Grpc.Core;
using Grpc.Core.Wire;
using Xunit;

namespace AtomikD.GrpcTests.Wire;

public sealed class CodingTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain text, ~!", "plain text, ~!")]
    [InlineData("100%", "100%25")]
    [InlineData(" outer ", "%20outer%20")]
    [InlineData(" ", "%20")]
    [InlineData("a\nb\t", "a%0Ab%09")]
    [InlineData("ä", "%C3%A4")]
    [InlineData("日😀", "%E6%97%A5%F0%9F%98%80")]
    public void A_status_message_is_encoded_and_decoded(string text, string encoded)
    {
        Assert.Equal(encoded, PercentCoding.Encode(text));
        Assert.Equal(text, PercentCoding.Decode(encoded));
    }

    [Theory]
    [InlineData("%", "%")]
    [InlineData("%2", "%2")]
    [InlineData("%zz%41", "%zzA")]
    [InlineData("%c3%a4", "ä")]
    [InlineData("100% sure%21", "100% sure!")]
    [InlineData("%FF", "\uFFFD")]
    [InlineData("ä%41", "äA")]
    public void A_broken_escape_stands_for_itself(string encoded, string text) => Assert.Equal(text, PercentCoding.Decode(encoded));

    [Fact]
    public void Every_character_survives_the_way_there_and_back()
    {
        for (int c = 0; c < 0x3000; c++)
        {
            string text = $"{(char)c}x{(char)c}";
            string encoded = PercentCoding.Encode(text);
            Assert.All(encoded, e => Assert.InRange(e, ' ', '~'));
            Assert.Equal(text, PercentCoding.Decode(encoded));
        }
        Assert.Equal("\uFFFD", PercentCoding.Decode(PercentCoding.Encode("\uD800")));
    }

    [Theory]
    [InlineData("0n", 0)]
    [InlineData("1n", 1)]
    [InlineData("100n", 1)]
    [InlineData("101n", 2)]
    [InlineData("99999999n", 1_000_000)]
    [InlineData("1u", 10)]
    [InlineData("250m", 2_500_000)]
    [InlineData("3S", 30_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("99999999H", 99_999_999L * 36_000_000_000)]
    [InlineData("00000001S", 10_000_000)]
    public void A_timeout_is_read_in_every_unit(string text, long ticks)
    {
        Assert.True(TimeoutCoding.TryDecode(text, out TimeSpan timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData(" 1S")]
    [InlineData("1.5S")]
    [InlineData("100000000n")]
    [InlineData("0x1S")]
    public void A_malformed_timeout_is_refused(string text) => Assert.False(TimeoutCoding.TryDecode(text, out _));

    [Theory]
    [InlineData(0, "0n")]
    [InlineData(-5, "0n")]
    [InlineData(1, "100n")]
    [InlineData(999_999, "99999900n")]
    [InlineData(1_000_000, "100000u")]
    [InlineData(1_000_001, "100001u")]
    [InlineData(10_000_000_000, "1000000m")]
    [InlineData(long.MaxValue, "15372287M")]
    public void A_timeout_is_written_in_the_finest_unit_with_room_and_never_shortened(long ticks, string text)
    {
        string encoded = TimeoutCoding.Encode(new TimeSpan(ticks));
        if (ticks != long.MaxValue)
            Assert.Equal(text, encoded);
        Assert.InRange(encoded.Length, 2, 9);
        Assert.True(TimeoutCoding.TryDecode(encoded, out TimeSpan back) || ticks == long.MaxValue);
        Assert.True(back.Ticks >= ticks || ticks == long.MaxValue);
    }

    [Theory]
    [InlineData("AAH/", new byte[] { 0, 1, 255 })]
    [InlineData("AAE", new byte[] { 0, 1 })]
    [InlineData("AAE=", new byte[] { 0, 1 })]
    [InlineData("AA", new byte[] { 0 })]
    [InlineData("AA==", new byte[] { 0 })]
    [InlineData("", new byte[0])]
    public void Bytes_are_read_with_and_without_padding(string value, byte[] bytes)
    {
        Metadata metadata = [];
        MetadataCoding.AddReceived(metadata, "X-Bin", value);
        Assert.Equal(bytes, metadata.GetValueBytes("x-bin"));
        Assert.Equal(value.TrimEnd('='), MetadataCoding.Encode(metadata[0]));
    }

    [Fact]
    public void Joined_bytes_are_taken_apart_and_joined_text_is_not()
    {
        Metadata metadata = [];
        MetadataCoding.AddReceived(metadata, "a-bin", "AA==, AQ");
        MetadataCoding.AddReceived(metadata, "b", "1, 2");
        Assert.Equal([[0], [1]], metadata.GetAll("a-bin").Select(e => e.ValueBytes));
        Assert.Equal("1, 2", metadata.GetValue("b"));
    }

    [Fact]
    public void What_is_not_base64_is_an_internal_error() =>
        Assert.Equal(StatusCode.Internal, Assert.Throws<RpcException>(() => MetadataCoding.AddReceived([], "a-bin", "A!")).StatusCode);

    [Fact]
    public void Metadata_takes_only_what_a_header_can_carry()
    {
        Metadata metadata = new() { { "Upper-Case", "v" } };
        Assert.Equal("upper-case", metadata[0].Key);
        Assert.Throws<ArgumentException>(() => metadata.Add("spa ce", "v"));
        Assert.Throws<ArgumentException>(() => metadata.Add("a", "line\nbreak"));
        Assert.Throws<ArgumentException>(() => metadata.Add("a-bin", "text"));
        Assert.Throws<ArgumentException>(() => metadata.Add("a", new byte[] { 1 }));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "v"));
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("Application/gRPC; charset=utf-8", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public void The_content_type_is_recognised(string? contentType, bool expected) =>
        Assert.Equal(expected, GrpcProtocol.IsGrpc(contentType));
}
