using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Hosting.Systemd;

namespace AtomikD.Systemd;

/// <summary>
/// The socket that a manager listens on. The package's own waits for ever where nobody reads it: a wrapper that has heard READY=1, say,
/// and looks no further. Each thread that had something to tell stood still then, and the one that stops the service, too.
/// </summary>
internal sealed class Notifier(string path) : ISystemdNotifier
{
    /// <summary>What is not taken within that is not told.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    // An abstract name is written with @.
    private readonly UnixDomainSocketEndPoint _manager = new(path[0] == '@' ? $"\0{path[1..]}" : path);

    public bool IsEnabled => true;

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public void Notify(ServiceState state)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        socket.Connect(_manager);
        byte[] message = Encoding.UTF8.GetBytes(state.ToString());
        if (!TrySend(socket, message) && socket.Poll(s_patience, SelectMode.SelectWrite))
            TrySend(socket, message);
        // What counts is told again: signs of life and the status. A start or an end that was not heard is seen otherwise.
    }

    /// <summary>False: there is no room.</summary>
    private static bool TrySend(Socket socket, byte[] message)
    {
        try
        {
            socket.Send(message);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            return false;
        }
    }
}
