using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace AtomikD.Interop.Hostile;

/// <summary>A connection on which anything can be said, HTTP/2 or not.</summary>
internal sealed class RawConnection : IDisposable
{
    public const byte Data = 0, Headers = 1, ResetStream = 3, SettingsFrame = 4, Ping = 6, WindowUpdate = 8, Continuation = 9;
    public const byte EndStream = 1, EndHeaders = 4;

    private const string CommitPath = "/atomikd.v1.CommitService/Commit";

    private readonly Socket _socket;

    private RawConnection(Socket socket) => _socket = socket;

    /// <summary>Its settings ask for headers that are not taken from a table, so that they can be read as they come.</summary>
    public static byte[] Preface { get; } = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(SettingsFrame, 0, 0, [0, 1, 0, 0, 0, 0])];

    public static RawConnection To(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { SendTimeout = 1500, ReceiveTimeout = 8000 };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new RawConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload, int? claimedLength = null)
    {
        var frame = new byte[9 + payload.Length];
        int length = claimedLength ?? payload.Length;
        frame[0] = (byte)(length >> 16);
        frame[1] = (byte)(length >> 8);
        frame[2] = (byte)length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>The headers of a call, as literals.</summary>
    public static byte[] HeaderBlock(string path = CommitPath, string method = "POST", string contentType = "application/grpc", params (string Name, string Value)[] more)
    {
        var block = new List<byte>();
        foreach ((string name, string value) in ((string, string)[])[(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            ("content-type", contentType), ("te", "trailers"), .. more])
            block.AddRange(Literal(name, value));
        return [.. block];
    }

    public static byte[] Literal(string name, string value, bool isIndexed = false) => [(byte)(isIndexed ? 0x40 : 0), .. Text(name), .. Text(value)];

    /// <summary>A message with its prefix.</summary>
    public static byte[] Message(ReadOnlySpan<byte> payload, byte flag = 0, uint? claimedLength = null)
    {
        var message = new byte[5 + payload.Length];
        message[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(1), claimedLength ?? (uint)payload.Length);
        payload.CopyTo(message.AsSpan(5));
        return message;
    }

    /// <summary>False where the other end has closed, or takes no more for a while.</summary>
    public bool TrySend(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
                bytes = bytes[_socket.Send(bytes)..];
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Everything until the other end closes; null where it is silent for eight seconds.</summary>
    public byte[]? ReadToEnd()
    {
        var all = new List<byte>();
        var buffer = new byte[16 * 1024];
        try
        {
            while (_socket.Receive(buffer) is > 0 and var count)
                all.AddRange(buffer.AsSpan(0, count));
            return [.. all];
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.TimedOut ? null : [.. all];
        }
    }

    /// <summary>Reads until the stream has ended; its header blocks as text, where every literal can be found that is not coded.</summary>
    public string ReadStream(int stream)
    {
        var seen = new StringBuilder();
        while (ReadFrame() is var (type, flags, id, payload))
        {
            if (id != stream)
                continue;
            seen.Append(type == ResetStream ? "RESET" : Encoding.Latin1.GetString(payload));
            if (type == ResetStream || (flags & EndStream) != 0)
                return seen.ToString();
        }
        return seen.Append("CLOSED").ToString();
    }

    /// <summary>Whether it was closed by the other end, with nothing said or anything.</summary>
    public bool IsClosedByOther() => ReadToEnd() is not null;

    public void Dispose() => _socket.Dispose();

    private (byte Type, byte Flags, int Stream, byte[] Payload)? ReadFrame()
    {
        var head = new byte[9];
        if (!Fill(head))
            return null;
        var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
        return Fill(payload) ? (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, payload) : null;
    }

    private bool Fill(Span<byte> buffer)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                int count = _socket.Receive(buffer);
                if (count == 0)
                    return false;
                buffer = buffer[count..];
            }
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        var length = new List<byte>();
        if (bytes.Length < 127)
        {
            length.Add((byte)bytes.Length);
        }
        else
        {
            length.Add(127);
            int rest = bytes.Length - 127;
            for (; rest >= 128; rest >>= 7)
                length.Add((byte)(rest & 127 | 128));
            length.Add((byte)rest);
        }
        return [.. length, .. bytes];
    }
}
