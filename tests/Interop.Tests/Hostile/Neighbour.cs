using System.Collections.Concurrent;
using System.Diagnostics;
using AtomikD.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.Interop.Hostile;

/// <summary>Callers and markers that behave, all the while: neither may wait longer than a second for what others do.</summary>
internal sealed class Neighbour : IAsyncDisposable
{
    /// <summary>More than a second only where the machine is slow itself.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(3);

    private readonly DaemonProcess _daemon;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<double> _calls = [];
    private readonly ConcurrentQueue<double> _markers = [];
    private readonly double _before;
    private readonly Task _calling;
    private readonly Task _marking;

    public Neighbour(DaemonProcess daemon)
    {
        _daemon = daemon;
        // Warm, so that what is measured is not the daemon's first call.
        for (int i = 0; i < 20; i++)
            daemon.Mark("marked", s_limit);
        _before = daemon.Resident;
        _calling = Task.Run(CallAsync);
        _marking = Task.Factory.StartNew(Mark, TaskCreationOptions.LongRunning);
    }

    /// <summary>Ends, and tells; fails where the daemon is not well, or has more than so much memory more than before.</summary>
    public async Task AssertUndisturbedAsync(string what, int moreMiB)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_calling, _marking);
        Assert.True(_daemon.IsRunning, _daemon.Log);
        double after = _daemon.Resident;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{what}: VmRSS {_before:F0} -> {after:F0} MiB, {_daemon.Descriptors} descriptors; slowest of {_calls.Count} calls {_calls.Max():F0} ms, of {_markers.Count} markers {_markers.Max():F0} ms");
        Assert.True(after - _before < moreMiB, $"VmRSS went from {_before:F0} to {after:F0} MiB");
        // systemd's console: <3> is an error, and below it there is worse.
        Assert.DoesNotContain(_daemon.Log.Split('\n'), line => line.StartsWith('<') && line[1] <= '3');
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_calling, _marking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task CallAsync()
    {
        // A connection of its own each time: it is a newcomer who must be let in.
        do
        {
            using GrpcChannel channel = _daemon.Channel();
            var client = new CommitService.CommitServiceClient(channel);
            for (int i = 0; i < 5; i++)
                _calls.Enqueue((await CallAsync(client)).TotalMilliseconds);
        }
        while (!_stop.IsCancellationRequested);
    }

    /// <summary>As the client library does: who could not connect asks again.</summary>
    private async Task<TimeSpan> CallAsync(CommitService.CommitServiceClient client)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await _daemon.CommitAsync(client, "called", s_limit);
                return watch.Elapsed;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && watch.Elapsed < s_limit)
            {
                await Task.Delay(10);
            }
        }
    }

    private void Mark()
    {
        do
            _markers.Enqueue(_daemon.Mark("marked", s_limit).TotalMilliseconds);
        while (!_stop.IsCancellationRequested);
    }
}
