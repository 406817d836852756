using System.Collections.Concurrent;
using System.Net.Sockets;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.Booted;

/// <summary>
/// Callers that commit without a pause over connections of their own. They repeat nothing by themselves: what is tried again is what
/// HTTP/2 says was never begun, as in any gRPC client.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private const int Callers = 4;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _callers;
    private readonly ConcurrentQueue<string> _failures = new();
    private int _committed;

    public Load(Machine machine)
    {
        _callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(machine, caller)))];
    }

    public int Committed => Volatile.Read(ref _committed);

    /// <summary>Waits until so many more have gone live, or a call has failed.</summary>
    public void WaitForMore(int count)
    {
        int goal = Committed + count;
        Eventually.True(() => Committed >= goal || !_failures.IsEmpty, $"{count} more commits", TimeSpan.FromMinutes(2));
    }

    public void AssertNoneFailed() => Assert.True(_failures.IsEmpty, string.Join('\n', _failures));

    private async Task CallAsync(Machine machine, int caller)
    {
        using GrpcChannel channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = Handler(machine.Socket) });
        var client = new CommitService.CommitServiceClient(channel);
        for (int turn = 0; !_stop.IsCancellationRequested; turn++)
        {
            string name = $"load-{caller}";
            await File.WriteAllTextAsync($"{machine.Root}/srv/site/staging/{name}", $"{turn}");
            try
            {
                CommitResponse response = await client.CommitAsync(new CommitRequest { Route = "site", Source = name }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(2));
                if (response.Version.Number != turn + 1)
                    _failures.Enqueue($"{name} turn {turn} became version {response.Version.Number}");
                Interlocked.Increment(ref _committed);
            }
            catch (RpcException e)
            {
                _failures.Enqueue($"{name} turn {turn}: {e}");
                return;
            }
        }
    }

    private static SocketsHttpHandler Handler(string path) => new()
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }
}
