using System.Net.Sockets;
using System.Text;
using AtomikD.Api;
using AtomikD.Engine;
using AtomikD.Linux;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Systemd;

/// <summary>
/// Where <c>atomikd reload</c> asks. A signal cannot be answered, and `systemctl reload` is to fail where the configuration is refused:
/// so the running service judges it, which knows what needs a restart and what its own sandbox lets it write, and says what came of it.
/// An abstract socket, for the service's own user and root; there only under systemd.
/// </summary>
internal sealed class ReloadDoor(EngineService service, Manager manager, ILogger<ReloadDoor> logger) : IHostedService, IDisposable
{
    public const string Applied = "applied";
    public const string Refused = "refused";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Socket? _socket;
    private Task _serving = Task.CompletedTask;

    public static UnixDomainSocketEndPoint AddressOf(int process) => new($"\0atomikd/reload/{process}");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!manager.IsThere)
            return Task.CompletedTask;
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            _socket.Bind(AddressOf(Environment.ProcessId));
            _socket.Listen(4);
            _serving = ServeAsync(_socket);
        }
        catch (SocketException e)
        {
            Log.NoReloadDoor(logger, e.Message);
        }
        return Task.CompletedTask;
    }

    private async Task ServeAsync(Socket socket)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using Socket caller = await socket.AcceptAsync(_stop.Token);
                if (Peer.Of(caller).Uid is var uid && (uid == 0 || uid == Unistd.GetEuid()))
                    await AnswerAsync(caller);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                Log.ReloadCallCut(logger, e.Message);
            }
        }
    }

    /// <summary>Every error on lines of its own, then the verdict.</summary>
    private async Task AnswerAsync(Socket caller)
    {
        IReadOnlyList<string> errors = await service.ReloadAsync();
        string text = string.Concat(errors.Select(error => error + "\n")) + (errors.Count == 0 ? Applied : Refused) + "\n";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(s_patience);
        for (ReadOnlyMemory<byte> left = Encoding.UTF8.GetBytes(text); left.Length > 0;)
            left = left[await caller.SendAsync(left, SocketFlags.None, limit.Token)..];
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _serving.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _stop.Dispose();
    }
}
