using System.Text;
using System.Threading.Channels;
using AtomikD.Client;

namespace AtomikD.Ctl.Watching;

/// <summary>
/// Runs a command for what is live, then for what changes. Events are taken at once and wait here, route by route; the runs of the
/// routes take turns.
/// </summary>
internal sealed class CommandWatch(Session session, string? route, string[] program) : IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Pending> _routes = new(StringComparer.Ordinal);
    private readonly List<Task> _workers = [];
    private readonly SemaphoreSlim _turn = new(1);
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Subprocess _subprocess = new(session, program);

    /// <summary>Ends by cancellation or an exception, and not before the command that runs has ended.</summary>
    public async Task RunAsync()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(session.Ending);
        AtomikClient client = session.Asking();
        string[] known = route is null ? [.. (await client.GetStatusAsync(stop.Token)).Routes.Select(found => found.Name)] : [route];
        Task pump = PumpAsync(client, known, stop.Token);
        Task ended = await Task.WhenAny(pump, _broken.Task);
        await stop.CancelAsync();
        await Task.WhenAll([pump, .. Workers()]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended;
    }

    public void Dispose() => _turn.Dispose();

    private Task[] Workers()
    {
        lock (_workers)
            return [.. _workers];
    }

    private async Task PumpAsync(AtomikClient client, string[] known, CancellationToken cancellationToken)
    {
        while (true)
        {
            int initial = 0;
            var first = new List<CommitEvent>();
            var options = new WatchOptions
            {
                Routes = route is null ? [] : [route],
                InitialLive = true,
                Began = count =>
                {
                    initial = count;
                    if (count == 0)
                        Begin(known, first, cancellationToken);
                },
            };
            try
            {
                await foreach (CommitEvent e in client.WatchAsync(options, cancellationToken))
                {
                    if (!e.IsInitial)
                    {
                        Of(e.Version.Route, cancellationToken).Add(e);
                        continue;
                    }
                    first.Add(e);
                    if (first.Count == initial)
                        Begin(known, first, cancellationToken);
                }
            }
            catch (WatchOutOfRangeException e)
            {
                session.Warn(new Failure("OUT_OF_RANGE", e.Message, ExitCode.Ok) { Hint = "Events were missed; going on with what is live now." });
            }
        }
    }

    /// <summary>All that is live at once, and each route that has nothing live: what was removed unseen counts too.</summary>
    private void Begin(string[] known, List<CommitEvent> live, CancellationToken cancellationToken)
    {
        foreach (string name in known.Union(live.Select(e => e.Version.Route), StringComparer.Ordinal))
            Of(name, cancellationToken).Add([.. live.Where(e => e.Version.Route == name)]);
    }

    private Pending Of(string name, CancellationToken cancellationToken)
    {
        lock (_workers)
        {
            if (!_routes.TryGetValue(name, out Pending? pending))
            {
                _routes.Add(name, pending = new Pending());
                _workers.Add(WorkAsync(name, pending, cancellationToken));
            }
            return pending;
        }
    }

    private async Task WorkAsync(string name, Pending pending, CancellationToken cancellationToken)
    {
        try
        {
            await RunsAsync(name, pending, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _broken.TrySetException(e);
        }
    }

    private async Task RunsAsync(string name, Pending pending, CancellationToken cancellationToken)
    {
        TimeSpan pause = s_firstPause;
        while (true)
        {
            await pending.WaitAsync(cancellationToken);
            await _turn.WaitAsync(cancellationToken);
            bool isDone;
            try
            {
                (IReadOnlyList<string> names, long sequence) = pending.Take();
                isDone = await _subprocess.RunAsync(name, names, sequence, pause);
                if (!isDone)
                    pending.PutBack(names, sequence);
            }
            finally
            {
                _turn.Release();
            }
            cancellationToken.ThrowIfCancellationRequested();
            if (isDone)
            {
                pause = s_firstPause;
                continue;
            }
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }

    /// <summary>What a route's next run is told.</summary>
    private sealed class Pending
    {
        /// <summary>The kernel takes 128 KiB in one variable; the rest is told to a run of its own.</summary>
        private const int MostBytes = 100_000;

        private readonly Lock _gate = new();
        private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);
        private long _sequence;

        public void Add(params IReadOnlyList<CommitEvent> events)
        {
            lock (_gate)
            {
                foreach (CommitEvent e in events)
                {
                    _names.Add(e.Version.Name);
                    _sequence = Math.Max(_sequence, e.Sequence);
                }
            }
            _wake.Writer.TryWrite(true);
        }

        public async Task WaitAsync(CancellationToken cancellationToken) => await _wake.Reader.ReadAsync(cancellationToken);

        public (IReadOnlyList<string> Names, long Sequence) Take()
        {
            lock (_gate)
            {
                int bytes = 0;
                string[] names = [.. _names.TakeWhile(name => (bytes += Encoding.UTF8.GetByteCount(name) + 1) <= MostBytes)];
                _names.ExceptWith(names);
                if (_names.Count > 0)
                    _wake.Writer.TryWrite(true);
                return (names, _sequence);
            }
        }

        public void PutBack(IReadOnlyList<string> names, long sequence)
        {
            lock (_gate)
            {
                _names.UnionWith(names);
                _sequence = Math.Max(_sequence, sequence);
            }
            _wake.Writer.TryWrite(true);
        }
    }
}
