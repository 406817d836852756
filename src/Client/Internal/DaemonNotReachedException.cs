using System.Net.Sockets;

namespace AtomikD.Client.Internal;

/// <summary>
/// The runtime's own words for a socket that is not there speak of addresses that cannot be assigned; these say what to look at.
/// </summary>
internal sealed class DaemonNotReachedException(string path, SocketException cause) : IOException(Tell(path, cause.SocketErrorCode), cause)
{
    /// <summary>Trying again is no use.</summary>
    public bool IsFinal => cause.SocketErrorCode is SocketError.AccessDenied;

    public string Hint => IsFinal
        ? "Ask the administrator to let this user in: SocketGroup and SocketMode of the daemon's configuration."
        : "Start it (systemctl status atomikd), or set SocketPath to where its socket is. In a container, mount the folder of the socket.";

    private static string Tell(string path, SocketError error) => error switch
    {
        SocketError.AccessDenied => $"This process may not use the socket {path}.",
        SocketError.ConnectionRefused => $"Nobody answers at {path}: atomikd is not running.",
        _ when !File.Exists(path) => $"There is no socket {path}: atomikd is not running, or its socket is elsewhere.",
        _ => $"The socket {path} cannot be connected to ({error}).",
    };
}
