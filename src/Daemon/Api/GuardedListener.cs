using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace AtomikD.Api;

/// <summary>
/// Looks at who has connected before the next one is accepted, and closes what is over the limit: however fast they come, and
/// however long the rest of the server takes, no more descriptors are open than the limit says. Whoever was accepted is greeted
/// before the server ends its connections.
/// </summary>
internal sealed class GuardedListener(IConnectionListener inner, ConnectionLimit limit) : IConnectionListener
{
    /// <summary>Callers that connect and say nothing are not waited for longer.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly List<Task> _greetings = [];

    public EndPoint EndPoint => inner.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await inner.AcceptAsync(cancellationToken) is { } connection)
        {
            if (PeerOf(connection) is { } peer && limit.TryEnter(peer.Uid))
            {
                connection.Features.Set(peer);
                Await(connection);
                return connection;
            }
            connection.Abort(new ConnectionAbortedException("Too many connections."));
            await connection.DisposeAsync();
        }
        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await inner.UnbindAsync(cancellationToken);
        Task[] greetings;
        lock (_greetings)
            greetings = [.. _greetings];
        await Task.WhenAny(Task.WhenAll(greetings), Task.Delay(s_patience, CancellationToken.None));
    }

    private void Await(ConnectionContext connection)
    {
        var transport = new PatientTransport(connection.Transport);
        connection.Transport = transport;
        lock (_greetings)
        {
            _greetings.RemoveAll(greeting => greeting.IsCompleted);
            _greetings.Add(transport.Greeted);
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static Peer? PeerOf(ConnectionContext connection)
    {
        try
        {
            return Peer.Of(connection.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null; // It has gone already.
        }
    }
}

/// <summary>Kestrel's own sockets, each behind a <see cref="GuardedListener"/>.</summary>
internal sealed class GuardedListenerFactory(IConnectionListenerFactory inner, ConnectionLimit limit) : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new GuardedListener(await inner.BindAsync(endpoint, cancellationToken), limit);
}
