using System.Buffers;
using System.Buffers.Binary;

namespace Grpc.Core.Wire;

/// <summary>Serialises messages behind their prefix straight into a buffer. One per direction of a call, reused for every message.</summary>
internal sealed class FrameWriter(IBufferWriter<byte> output, int? maxMessageSize) : SerializationContext, IBufferWriter<byte>
{
    private const int LengthUnknown = -1;

    private ArrayBufferWriter<byte>? _unknownLength;
    private int _length;
    private int _written;
    private bool _completed;

    /// <summary>Whether bytes of a message went out that was never completed: the stream is of no more use.</summary>
    public bool Broken { get; private set; }

    public void Write<T>(Marshaller<T> marshaller, T message)
    {
        _length = LengthUnknown;
        _written = 0;
        _completed = false;
        _unknownLength?.ResetWrittenCount();
        marshaller.ContextualSerializer(message, this);
        if (!_completed)
            throw new InvalidOperationException("The serialiser did not complete the message.");
        Broken = false;
    }

    public override void SetPayloadLength(int payloadLength)
    {
        if (_length != LengthUnknown || _unknownLength is { WrittenCount: > 0 })
            throw new InvalidOperationException("The length comes first, and once.");
        WritePrefix(payloadLength);
        _length = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter() =>
        _length == LengthUnknown ? _unknownLength ??= new ArrayBufferWriter<byte>() : this;

    public override void Complete(byte[] payload)
    {
        WritePrefix(payload.Length);
        output.Write(payload);
        _completed = true;
    }

    public override void Complete()
    {
        if (_length == LengthUnknown)
        {
            int length = _unknownLength?.WrittenCount ?? 0;
            WritePrefix(length);
            if (length > 0)
                output.Write(_unknownLength!.WrittenSpan);
        }
        else if (_written != _length)
        {
            throw new InvalidOperationException($"The message was said to be {_length} bytes and is {_written}.");
        }
        _completed = true;
    }

    void IBufferWriter<byte>.Advance(int count)
    {
        _written += count;
        output.Advance(count);
    }

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint) => output.GetMemory(sizeHint);

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => output.GetSpan(sizeHint);

    private void WritePrefix(int length)
    {
        if (length > maxMessageSize)
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted, $"The message to send has {length} bytes, the limit is {maxMessageSize}."));
        }
        Span<byte> prefix = output.GetSpan(GrpcProtocol.PrefixLength);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        output.Advance(GrpcProtocol.PrefixLength);
        Broken = true;
    }
}
