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
    /// <summary>What is not taken within that is not told, and from then on nobody waits until something is taken.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    // An abstract name is written with @.
    private readonly UnixDomainSocketEndPoint _manager = new(path[0] == '@' ? $"\0{path[1..]}" : path);

    private volatile bool _isDeaf;

    public bool IsEnabled => true;

    /// <exception cref="SocketException">Nobody is there.</exception>
    public void Notify(ServiceState state) => TryNotify(state.ToString());

    /// <summary>False: whoever is there does not listen.</summary>
    /// <exception cref="SocketException">Nobody is there.</exception>
    public bool TryNotify(string message)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        socket.Connect(_manager);
        byte[] bytes = Encoding.UTF8.GetBytes(message);
        bool isTaken = TrySend(socket, bytes) || (!_isDeaf && socket.Poll(s_patience, SelectMode.SelectWrite) && TrySend(socket, bytes));
        _isDeaf = !isTaken;
        return isTaken;
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
