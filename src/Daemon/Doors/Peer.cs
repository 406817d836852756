using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using AtomikD.Configuration;
using AtomikD.Linux;

namespace AtomikD.Doors;

/// <summary>Who is at the other end of the socket, as the kernel noted it when the connection was made.</summary>
/// <param name="Uid">Its user.</param>
/// <param name="Gid">Its primary group.</param>
/// <param name="Groups">Its supplementary groups.</param>
internal sealed record Peer(uint Uid, uint Gid, IReadOnlyList<uint> Groups)
{
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;
    private const int SO_PEERGROUPS = 59;

    /// <summary>The kernel's own limit is 65,536 groups.</summary>
    private const int MostGroups = 65_536;

    private static readonly ConcurrentDictionary<uint, string> s_names = new();

    /// <summary>May it use the route?</summary>
    public bool MayUse(RouteSettings route) =>
        route.AllowUsers.Allows(Uid) || route.AllowUsers.Groups.Contains(Gid) || Groups.Any(route.AllowUsers.Groups.Contains);

    /// <exception cref="SocketException">It has gone already.</exception>
    public static Peer Of(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12]; // struct ucred: pid, uid, gid
        socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        ReadOnlySpan<uint> ids = MemoryMarshal.Cast<byte, uint>(credentials);
        return new Peer(ids[1], ids[2], GroupsOf(socket));
    }

    /// <summary>The user's name on this host, else its number.</summary>
    public static string NameOf(uint uid) =>
        s_names.GetOrAdd(uid, id => Pwd.ByUid(id)?.Name is { Length: > 0 } name ? name : id.ToString(CultureInfo.InvariantCulture));

    private static uint[] GroupsOf(Socket socket)
    {
        for (int most = 64; ; most = MostGroups)
        {
            var groups = new byte[most * sizeof(uint)];
            try
            {
                int length = socket.GetRawSocketOption(SOL_SOCKET, SO_PEERGROUPS, groups);
                return MemoryMarshal.Cast<byte, uint>(groups.AsSpan(0, length)).ToArray();
            }
            catch (SocketException) when (most < MostGroups)
            {
                // There are more than fit.
            }
        }
    }
}
