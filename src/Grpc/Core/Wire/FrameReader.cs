using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Grpc.Core.Wire;

/// <summary>
/// Takes messages off a stream of bytes, however it was cut. What is wrong with the stream is thrown as the status that ends the call.
/// One per direction of a call, reused for every message.
/// </summary>
internal sealed class FrameReader(PipeReader input, int? maxMessageSize, StatusCode compressedStatus) : DeserializationContext
{
    private ReadOnlySequence<byte> _payload;

    /// <summary>Whether the end of the stream was seen.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether the peer sent a compressed message.</summary>
    public bool SawCompressed { get; private set; }

    public override int PayloadLength => (int)_payload.Length;

    public override byte[] PayloadAsNewBuffer() => _payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;

    /// <summary>The next message, or null at the end of the stream.</summary>
    public async ValueTask<T?> ReadAsync<T>(Marshaller<T> marshaller, CancellationToken cancellationToken)
        where T : class
    {
        if (Ended)
            return null;

        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = result.Buffer;
            bool advanced = false;
            try
            {
                if (TryTakePayload(buffer))
                {
                    T message = Deserialize(marshaller);
                    SequencePosition end = _payload.End;
                    Ended = result.IsCompleted && buffer.Slice(end).IsEmpty;
                    input.AdvanceTo(end);
                    advanced = true;
                    return message;
                }
                if (result.IsCanceled)
                    throw new OperationCanceledException(cancellationToken);
                if (result.IsCompleted)
                {
                    Ended = true;
                    if (!buffer.IsEmpty)
                        throw new RpcException(new Status(StatusCode.Internal, "The stream ended within a message."));
                    return null;
                }
                input.AdvanceTo(buffer.Start, buffer.End);
                advanced = true;
            }
            finally
            {
                _payload = default;
                if (!advanced)
                    input.AdvanceTo(buffer.End);
            }
        }
    }

    /// <summary>Waits for the end of a stream that carries exactly one message.</summary>
    public async ValueTask ReadEndAsync(StatusCode status, CancellationToken cancellationToken)
    {
        while (!Ended)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            bool more = !result.Buffer.IsEmpty;
            Ended = result.IsCompleted;
            input.AdvanceTo(result.Buffer.End);
            if (more)
                throw new RpcException(new Status(status, "More than one message came where one was due."));
            if (result.IsCanceled)
                throw new OperationCanceledException(cancellationToken);
        }
    }

    private bool TryTakePayload(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < GrpcProtocol.PrefixLength)
            return false;

        Span<byte> prefix = stackalloc byte[GrpcProtocol.PrefixLength];
        buffer.Slice(0, GrpcProtocol.PrefixLength).CopyTo(prefix);
        if (prefix[0] == 1)
        {
            SawCompressed = true;
            throw new RpcException(new Status(compressedStatus, "Compressed messages are not taken here."));
        }
        if (prefix[0] != 0)
            throw new RpcException(new Status(StatusCode.Internal, "A message begins with an unknown flag."));

        // By the prefix alone: a message over the limit is never held.
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > (uint)(maxMessageSize ?? int.MaxValue))
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted, $"The received message has {length} bytes, the limit is {maxMessageSize ?? int.MaxValue}."));
        }
        if (buffer.Length - GrpcProtocol.PrefixLength < length)
            return false;
        _payload = buffer.Slice(GrpcProtocol.PrefixLength, length);
        return true;
    }

    private T Deserialize<T>(Marshaller<T> marshaller)
    {
        try
        {
            return marshaller.ContextualDeserializer(this);
        }
        catch (Exception e)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The received message cannot be parsed.", e));
        }
    }
}
