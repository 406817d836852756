using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Routes;

namespace AtomikD.Telemetry;

/// <summary>
/// What only the journal knows of the routes. It is read when somebody asks for metrics, a short look for each route, between
/// which commits go their way; nothing reads it otherwise.
/// </summary>
internal sealed class JournalState
{
    /// <summary>Who has waited so long for a journal that does not answer is told what was known before.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>A look this young serves all instruments of one reading.</summary>
    private static readonly TimeSpan s_young = TimeSpan.FromMilliseconds(500);

    /// <summary>Counting goes no further: who reads the journal holds up commits.</summary>
    private const int LargestBacklog = 10_000;

    private readonly Lock _lock = new();
    private CommitEngine? _engine;
    private Task _reading = Task.CompletedTask;
    private long _begunAt;
    private long _readAt;
    private volatile Dictionary<string, RouteTotals> _routes = [];

    /// <param name="Retained">Versions.</param>
    /// <param name="RetainedBytes">In their files.</param>
    /// <param name="Backlog">Versions that are due, and stand.</param>
    internal sealed record RouteTotals(long Retained, long RetainedBytes, long Backlog);

    public void Of(CommitEngine engine) => _engine = engine;

    /// <summary>For the readers that do not prepare: reads the journal if that was not done just now.</summary>
    public RouteTotals? Find(Route route)
    {
        RefreshAsync().Wait();
        return _routes.GetValueOrDefault(route.Name);
    }

    /// <summary>Ends when the journal was read, or does not answer for a while. Never fails.</summary>
    public Task RefreshAsync()
    {
        lock (_lock)
        {
            if (_engine is not { } engine)
                return Task.CompletedTask;
            if (_reading.IsCompleted)
            {
                if (_begunAt != 0 && engine.Time.GetElapsedTime(_readAt) < s_young)
                    return Task.CompletedTask;
                _begunAt = engine.Time.GetTimestamp();
                _reading = Task.Run(() => ReadAsync(engine));
            }
            // Of one reading, however many wait for it, one after the other.
            TimeSpan left = s_patience - engine.Time.GetElapsedTime(_begunAt);
            return left > TimeSpan.Zero ? Task.WhenAny(_reading, Task.Delay(left, engine.Time)) : Task.CompletedTask;
        }
    }

    private async Task ReadAsync(CommitEngine engine)
    {
        var routes = new Dictionary<string, RouteTotals>();
        try
        {
            foreach (Route route in engine.Routes)
            {
                if (route.VaultId is not { } vault)
                    continue;
                RouteSettings settings = route.Settings;
                routes[route.Name] = await engine.Journal.WriteAsync(durable: false, session =>
                {
                    (long versions, long bytes) = session.RetainedTotals(vault);
                    return new RouteTotals(versions, bytes, session.CountDue(vault, settings.KeepFor, LargestBacklog));
                });
            }
            _routes = routes;
        }
        catch (Exception e) when (e is JournalException or ObjectDisposedException)
        {
            // The journal tells of its trouble itself, and what was known before stands.
        }
        Volatile.Write(ref _readAt, engine.Time.GetTimestamp());
    }
}
