using System.Net;
using System.Net.Sockets;
using AtomikD.Configuration;
using AtomikD.Linux;
using Microsoft.Win32.SafeHandles;

namespace AtomikD.Doors;

/// <summary>The daemon's unix socket: bound with the configured mode and group from the first moment on.</summary>
internal static class SocketFile
{
    /// <summary>Bytes that sun_path has room for, less the ending zero.</summary>
    public const int LongestPath = 107;

    /// <summary>Binds, over the file that a killed daemon has left behind.</summary>
    /// <exception cref="IOException">It cannot be had; the message says why, and what to do.</exception>
    public static Socket Bind(DaemonSettings settings)
    {
        string path = settings.Socket;
        if (System.Text.Encoding.UTF8.GetByteCount(path) > LongestPath)
            throw new IOException($"Socket = {path}: a socket's path can have at most {LongestPath} bytes. Choose a shorter one.");
        // A folder of /run is gone after every boot.
        Stat.MkdirAt(Fd.Cwd, Name.Of(Path.GetDirectoryName(path)!), 0x1ED);
        RemoveStale(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Nobody may connect until mode and group are as they should be: a socket's file gets its mode from its descriptor.
            using (var file = new SafeFileHandle(socket.Handle, ownsHandle: false))
                File.SetUnixFileMode(file, UnixFileMode.None);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (settings.SocketGroup is { } group)
                Check(Unistd.FChownAt(Fd.Cwd, Name.Of(path), uint.MaxValue, group), $"give {path} to group {group}", path);
            File.SetUnixFileMode(path, (UnixFileMode)settings.SocketMode);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            // The runtime's own words for a missing folder speak of an address.
            string? folder = Path.GetDirectoryName(path);
            string why = Directory.Exists(folder) ? $"{e.Message}. May uid {Unistd.GetEuid()} write into {folder}?" : $"there is no folder {folder}.";
            throw new IOException($"The socket {path} cannot be made: {why}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void RemoveStale(string path)
    {
        Errno error = Stat.StatAt(Fd.Cwd, Name.Of(path), out FileStatus status);
        if (error == Errno.ENOENT)
            return;
        Check(error, $"look at {path}", path);
        if (status.Type != Stat.S_IFSOCK)
            throw new IOException($"{path} is not a socket. Move it away, or choose another Socket.");
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            Check(Unistd.UnlinkAt(Fd.Cwd, Name.Of(path)), $"remove the left-over socket {path}", path);
            return;
        }
        catch (SocketException)
        {
            // Somebody has it, busy or not for us.
        }
        throw new IOException($"Another process listens on {path}. Stop it, or choose another Socket.");
    }

    private static void Check(Errno error, string doing, string path)
    {
        if (error is not (Errno.None or Errno.ENOENT))
            throw new IOException($"Cannot {doing}: {error.Describe()}. Look at the rights of {Path.GetDirectoryName(path)}.");
    }
}
