using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace AtomikD.Doors;

/// <summary>
/// Kestrel behind a door: started when somebody comes, ended when nobody has been there for a while. A Kestrel that runs wakes the
/// process every second, for its timer, whether anybody is there or not.
/// </summary>
/// <param name="name">Of the door.</param>
/// <param name="listening">Bound.</param>
/// <param name="create">A Kestrel over the given connections, whose endpoint's connections go through the given guard first.</param>
/// <param name="time">What the pause is measured with.</param>
/// <param name="loggers">For Kestrel, too.</param>
internal sealed class DoorServer(
    string name, Socket listening, Func<IConnectionListenerFactory, Action<ListenOptions>, KestrelServer> create, TimeProvider time, ILoggerFactory loggers) : IServer
{
    /// <summary>Who asks every minute finds it running.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(90);

    /// <summary>Callers that were told that the daemon stops close their connections at once; others are not waited for longer.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = loggers.CreateLogger<DoorServer>();
    private readonly Lock _lock = new();
    private Func<DoorSession>? _begin;
    private DoorSession? _session;
    private ITimer? _sleep;
    private Task _ending = Task.CompletedTask;
    private Door? _door;
    private volatile bool _isStopping;

    /// <summary>Says who may come in; null: everybody.</summary>
    public IDoorKeeper? Keeper { get; init; }

    /// <summary>Who comes beyond that is turned away.</summary>
    public int MostVisitors { get; init; } = int.MaxValue;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    /// <summary>Kestrel runs: somebody is there, or was not long ago.</summary>
    public bool IsAwake
    {
        get
        {
            lock (_lock)
                return _session is not null;
        }
    }

    /// <summary>How many are inside.</summary>
    public int Visitors
    {
        get
        {
            lock (_lock)
                return _session?.Visitors ?? 0;
        }
    }

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _begin = () =>
        {
            var listener = new DoorListener();
            DoorSession? session = null;
            KestrelServer server = create(listener, listen => Guard(listen, () => session!));
            session = new DoorSession(server, listener, _logger);
            server.StartAsync(application, CancellationToken.None).GetAwaiter().GetResult(); // Nothing is bound, so nothing is waited for.
            Log.Opened(_logger, name);
            return session;
        };
        _sleep = time.CreateTimer(_ => Sleep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _door = new Door(listening, name, Enter, _logger);
        return Task.CompletedTask;
    }

    private void Enter(Socket caller)
    {
        try
        {
            Peer? peer = Keeper?.TryEnter(caller);
            if ((Keeper is null || peer is not null) && Admit() is { } session)
                session.Receive(caller, peer);
            else
                caller.Dispose();
        }
        catch
        {
            caller.Dispose();
            throw;
        }
    }

    private DoorSession? Admit()
    {
        lock (_lock)
        {
            if (_session?.Visitors >= MostVisitors)
                return null;
            _session ??= _begin!();
            _session.Visitors++;
            return _session;
        }
    }

    private void Guard(ListenOptions listen, Func<DoorSession> session) => listen.Use(next => async connection =>
    {
        try
        {
            await next(connection);
        }
        finally
        {
            if (connection.Transport is PatientTransport transport)
                await transport.EndAsync(_isStopping ? s_lastWords : TimeSpan.Zero);
            Leave(session(), connection.Features.Get<Peer>());
        }
    });

    private void Leave(DoorSession session, Peer? peer)
    {
        if (peer is not null)
            Keeper?.Leave(peer);
        lock (_lock)
        {
            if (--session.Visitors > 0 || _isStopping)
                return;
            session.EmptySince = time.GetTimestamp();
            _sleep!.Change(s_pause, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whoever comes from then on begins a new session.</summary>
    private void Sleep()
    {
        lock (_lock)
        {
            if (_session is not { Visitors: 0 } empty || _isStopping)
                return;
            if (s_pause - time.GetElapsedTime(empty.EmptySince) is var left && left > TimeSpan.Zero)
            {
                _sleep!.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }
            _session = null;
            _ending = Task.Run(() => EndAsync(empty));
        }
    }

    private async Task EndAsync(DoorSession empty)
    {
        Log.Closed(_logger, name);
        try
        {
            await empty.StopAsync(CancellationToken.None);
            await empty.DisposeAsync();
        }
        catch (Exception e)
        {
            Log.NotClosed(_logger, name, e); // Nobody awaits it but a stop, which goes on.
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        _door?.Dispose();
        DoorSession? session;
        Task ending;
        lock (_lock)
        {
            session = _session;
            _session = null;
            ending = _ending;
        }
        await ending.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (session is null)
            return;
        await session.StopAsync(cancellationToken);
        await session.DisposeAsync();
    }

    public void Dispose() => _sleep?.Dispose();
}
