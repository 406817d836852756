using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace AtomikD.Doors;

/// <summary>What a door has accepted, for Kestrel. Whoever came in is greeted before the server ends its connections.</summary>
internal sealed class DoorListener : IConnectionListener, IConnectionListenerFactory
{
    /// <summary>Callers that connect and say nothing are not waited for longer.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>();
    private readonly List<Task> _greetings = [];

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.None, 0);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    public void Add(ConnectionContext connection)
    {
        if (connection.Transport is PatientTransport transport)
        {
            lock (_greetings)
            {
                _greetings.RemoveAll(greeting => greeting.IsCompleted);
                _greetings.Add(transport.Greeted);
            }
        }
        _accepted.Writer.TryWrite(connection);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _accepted.Reader.WaitToReadAsync(cancellationToken) && _accepted.Reader.TryRead(out ConnectionContext? connection) ? connection : null;

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _accepted.Writer.TryComplete();
        Task[] greetings;
        lock (_greetings)
            greetings = [.. _greetings];
        await Task.WhenAny(Task.WhenAll(greetings), Task.Delay(s_patience, CancellationToken.None));
    }

    public ValueTask DisposeAsync()
    {
        _accepted.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }
}
