using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using AtomikD.Doors;
using AtomikD.Linux;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Systemd;

/// <summary>
/// Where <c>atomikd reload</c> and <c>atomikd backup</c> ask the running service. An abstract socket named after the process, for the
/// service's own user and root: it needs no folder, no configuration, and no route. The caller sends one word on a line, and is answered.
/// </summary>
internal sealed class ServiceDoor(IEnumerable<IDoorService> services, ILogger<ServiceDoor> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, IDoorService> _services = services.ToDictionary(service => service.Word, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _calls = new();
    private readonly CancellationTokenSource _stop = new();
    private Socket? _socket;
    private Task _serving = Task.CompletedTask;

    public static UnixDomainSocketEndPoint AddressOf(int process) => new($"\0atomikd/door/{process}");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            _socket.Bind(AddressOf(Environment.ProcessId));
            _socket.Listen(4);
            _serving = ServeAsync(_socket);
        }
        catch (SocketException e)
        {
            Log.NoDoor(logger, e.Message);
        }
        return Task.CompletedTask;
    }

    /// <summary>Each call by itself: a backup takes long, and a reload does not wait for it.</summary>
    private async Task ServeAsync(Socket socket)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket caller = await socket.AcceptAsync(_stop.Token);
                Task call = AnswerAsync(caller);
                _calls.TryAdd(call, 0);
                _ = call.ContinueWith(ended => _calls.TryRemove(ended, out _), TaskScheduler.Default);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e)
            {
                Log.DoorCallCut(logger, e.Message);
            }
        }
    }

    private async Task AnswerAsync(Socket caller)
    {
        using var stream = new NetworkStream(caller, ownsSocket: true);
        try
        {
            if (Peer.Of(caller).Uid is not 0 and var uid && uid != Unistd.GetEuid())
                return;
            if (_services.GetValueOrDefault(await ReadWordAsync(stream)) is { } service)
                await service.AnswerAsync(stream, _stop.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            if (!_stop.IsCancellationRequested)
                Log.DoorCallCut(logger, e.Message);
        }
    }

    private async Task<string> ReadWordAsync(NetworkStream stream)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(s_patience);
        var word = new byte[32];
        int length = 0;
        while (length < word.Length && await stream.ReadAsync(word.AsMemory(length), limit.Token) is > 0 and var got)
        {
            length += got;
            if (word[length - 1] == '\n')
                return Encoding.ASCII.GetString(word, 0, length - 1);
        }
        return "";
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await Task.WhenAll([_serving, .. _calls.Keys]).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _stop.Dispose();
    }
}
