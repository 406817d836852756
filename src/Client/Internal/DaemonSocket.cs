using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace AtomikD.Client.Internal;

/// <summary>Connects to the daemon's socket, and says what it means where that is not possible.</summary>
internal sealed class DaemonSocket(string path, ILogger logger)
{
    private int _connections;

    /// <summary>How often it has connected: what the daemon said before may be out of date.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public string Path => path;

    /// <summary>Connects with the first call.</summary>
    // The host is a word for the request line: the handler connects to the socket whatever it says.
    public GrpcChannel OpenChannel() => GrpcChannel.ForAddress(
        "http://localhost", new GrpcChannelOptions { HttpHandler = CreateHandler(), DisposeHttpClient = true, MaxReceiveMessageSize = null });

    private SocketsHttpHandler CreateHandler() => new()
    {
        ConnectCallback = ConnectAsync,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        // A hundred watches on one connection would keep every other call waiting.
        EnableMultipleHttp2Connections = true,
        // Only a ping notices a daemon that hangs, or a host that was suspended.
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        // The calls carry the trace context of their own spans.
        ActivityHeadersPropagator = null,
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new DaemonNotReachedException(path, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        Interlocked.Increment(ref _connections);
        Log.Connected(logger, path);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
