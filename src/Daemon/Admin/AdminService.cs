using System.Net;
using System.Net.Sockets;
using AtomikD.Doors;
using AtomikD.Engine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Admin;

/// <summary>
/// Serves the admin address, apart from the socket of the calls. It comes after the engine and goes before it; where the
/// address cannot be had, that is a warning, and commits go on.
/// </summary>
internal sealed class AdminService(
    ServiceSettings settings, EngineService engine, AdminApplication application, TimeProvider time, ILoggerFactory loggers, ILogger<AdminService> logger) : IHostedService, IDisposable
{
    /// <summary>Who is being answered when the daemon stops is given this long.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1);
    private DoorServer? _server;
    private bool _isStopped;

    /// <summary>Where it is served; null where it is not.</summary>
    public Uri? Address { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // A port that has become free, or an address that has come, is taken without a restart.
        engine.Reloaded += () => _ = ListenAsync(CancellationToken.None);
        await ListenAsync(cancellationToken);
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        string address = settings.Initial.Daemon.Admin;
        if (address.Length == 0)
            return;
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_server is not null || _isStopped)
                return;
            IPEndPoint wanted = IPEndPoint.Parse(address);
            Socket socket;
            try
            {
                socket = AdminListener.Bind(wanted);
            }
            catch (SocketException e)
            {
                (string why, string hint) = Explain(e);
                Log.CannotServe(logger, address, why, hint);
                return;
            }
            Address = new Uri($"http://{socket.LocalEndPoint}");
            _server = new DoorServer("admin", socket, (connections, guard) => AdminListener.Create(wanted, connections, guard, loggers), time, loggers)
            {
                MostVisitors = AdminListener.MostConnections,
            };
            await _server.StartAsync(application, cancellation);
            Log.Serving(logger, Address.Authority);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static (string Why, string Hint) Explain(SocketException e) =>
        e.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => ("another program has the port", "Stop it and reload, or set Admin to another port and restart."),
            SocketError.AddressNotAvailable => ("no interface has this address now", "Bring it up and reload, or set Admin to an address of this machine and restart."),
            SocketError.AccessDenied => ("the port needs a right that the service lacks", "Set Admin to a port above 1023 and restart."),
            _ => (e.Message, "Set Admin to another address and restart."),
        };

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _isStopped = true;
            if (_server is not { } server)
                return;
            _server = null;
            using var patience = new CancellationTokenSource(s_lastWords);
            await server.StopAsync(patience.Token);
            server.Dispose();
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _server?.Dispose();
        _gate.Dispose();
    }
}
