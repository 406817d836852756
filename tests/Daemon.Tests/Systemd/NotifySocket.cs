using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Systemd;

/// <summary>The socket on which systemd listens, by a path or by an abstract name, and what was said there.</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> _messages = [];

    public NotifySocket(bool isAbstract = true)
    {
        string path = isAbstract ? $"\0{Path.GetFileName(_folder.Path)}" : _folder["notify"];
        Name = path.Replace('\0', '@');
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _socket.ReceiveTimeout = 50;
    }

    /// <summary>As NOTIFY_SOCKET gives it.</summary>
    public string Name { get; }

    /// <summary>Everything said so far.</summary>
    public IReadOnlyList<string> Messages
    {
        get
        {
            byte[] buffer = new byte[8192];
            while (_socket.Available > 0)
                _messages.Add(Encoding.UTF8.GetString(buffer, 0, _socket.Receive(buffer)));
            return [.. _messages];
        }
    }

    /// <summary>Nothing more fits in, until somebody reads.</summary>
    public void Fill()
    {
        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        sender.Connect(_socket.LocalEndPoint!);
        void SendOn()
        {
            while (true)
                sender.Send("full"u8);
        }
        Assert.Equal(SocketError.WouldBlock, Assert.Throws<SocketException>(SendOn).SocketErrorCode);
    }

    public void WaitFor(Func<string, bool> fits, string what) =>
        Eventually.True(() => Messages.Any(fits), $"{what} is said; so far: {string.Join(" | ", _messages)}", TimeSpan.FromMinutes(1));

    public void WaitFor(string message) => WaitFor(said => said == message, message);

    public int IndexOf(string message)
    {
        int index = Messages.ToList().FindIndex(said => said.Contains(message, StringComparison.Ordinal));
        Assert.True(index >= 0, $"{message} was not said: {string.Join(" | ", _messages)}");
        return index;
    }

    public void Dispose()
    {
        _socket.Dispose();
        _folder.Dispose();
    }
}
