using System.Net.Sockets;
using System.Runtime.InteropServices;
using AtomikD.Linux;
using AtomikD.Systemd;

namespace AtomikD.Commands;

/// <summary>The running service, asked by its administrator: the other end of <see cref="ServiceDoor"/>.</summary>
internal static class DoorCall
{
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;

    /// <summary>Asks, and gives what the answer is read from.</summary>
    /// <exception cref="CommandFailure">There is no such service, or it does not answer this user.</exception>
    public static async Task<NetworkStream> AskAsync(int process, string word, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(ServiceDoor.AddressOf(process), cancellation);
            // Anybody can take a name of this kind; the kernel knows who did.
            (int owner, uint user) = OwnerOf(socket);
            if (owner != process)
                throw new CommandFailure(ExitCode.NotPermitted, $"What answers for process {process} is process {owner}.");
            if (Unistd.GetEuid() is not 0 and var own && own != user)
                throw new CommandFailure(ExitCode.NotPermitted, "Only root and the service's own user may ask this of it.");
            var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(word + "\n"), cancellation);
            return stream;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException or IOException)
                throw new CommandFailure(ExitCode.NoDaemon, $"Process {process} cannot be asked: {e.Message}. Does the service run?");
            throw;
        }
    }

    private static (int Process, uint User) OwnerOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12]; // struct ucred: pid, uid, gid
        socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        return (MemoryMarshal.Read<int>(credentials), MemoryMarshal.Read<uint>(credentials[4..]));
    }
}
