using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace AtomikD.Doors;

/// <summary>One run of Kestrel, from the first caller until nobody is there any more.</summary>
internal sealed class DoorSession(KestrelServer server, DoorListener listener, ILogger logger) : IAsyncDisposable
{
    private readonly SocketConnectionContextFactory _contexts = new(new SocketConnectionFactoryOptions(), logger);

    /// <summary>Who is inside. Guarded by the door server's lock.</summary>
    public int Visitors { get; set; }

    /// <summary>When the last one left, in milliseconds of the system's uptime.</summary>
    public long EmptySince { get; set; }

    public void Receive(Socket caller, Peer? peer)
    {
        ConnectionContext connection = _contexts.Create(caller);
        if (peer is not null)
        {
            connection.Features.Set(peer);
            connection.Transport = new PatientTransport(connection.Transport);
        }
        listener.Add(connection);
    }

    public Task StopAsync(CancellationToken cancellation) => server.StopAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        server.Dispose();
        await listener.DisposeAsync();
        _contexts.Dispose();
    }
}
