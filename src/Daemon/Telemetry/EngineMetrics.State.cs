using System.Diagnostics.Metrics;
using AtomikD.Commits;
using AtomikD.Engine;
using AtomikD.Routes;

namespace AtomikD.Telemetry;

/// <summary>What the engine is asked when somebody reads.</summary>
internal sealed partial class EngineMetrics
{
    /// <summary>What the journal knows of the routes; read before a scrape, so that collecting waits for nothing.</summary>
    public JournalState Journal { get; } = new();

    /// <summary>From now on its state is told.</summary>
    public void Observe(CommitEngine engine)
    {
        Journal.Of(engine);
        _engine = engine;
    }

    private void CreateStateInstruments()
    {
        PerRoute<long>("atomikd.queue.length", "{commit}", "Requests that were heard of and are not decided yet.", route => QueueOf(route).Length);
        PerRoute<double>("atomikd.queue.oldest_age", "s", "Age of the oldest request that is not decided yet; 0 where there is none.", route => QueueOf(route).OldestAge.TotalSeconds);
        PerRoute<long>("atomikd.route.healthy", null, "1 where the route takes commits and nothing keeps them from going live, else 0.", route => route.Trouble is null ? 1L : 0L);
        PerRoute<double>("atomikd.route.last_commit.timestamp", "s", "When the route's last commit went live, in seconds since 1970; absent before its first.",
            route => route.LastCommitAt?.ToUnixTimeMilliseconds() / 1000.0);
        PerRoute<long>("atomikd.versions.retained", "{version}", "Replaced versions that are kept for rollback or not deleted yet.", route => Journal.Find(route)?.Retained);
        PerRoute<long>("atomikd.versions.retained_size", "By", "Bytes in the files of retained versions.", route => Journal.Find(route)?.RetainedBytes);
        PerRoute<long>("atomikd.gc.backlog", "{version}", "Replaced versions that policy no longer protects and that are not deleted yet, those included that are held or mounted.",
            route => Journal.Find(route)?.Backlog);
        _meter.CreateObservableCounter("atomikd.watch.overflows", () => Whole(engine => engine.WatchOverflows), "{overflow}",
            "Overflows of the kernel's queue of events; each is followed by a scan of every staging folder.");
        _meter.CreateObservableCounter("atomikd.watch.rescans", () => Whole(engine => engine.Rescans), "{scan}", "Listings of staging folders, the regular ones included.");
        _meter.CreateObservableCounter("atomikd.recovery.commits", () => Whole(engine => engine.RecoveredCommits), "{commit}",
            "Commits of an earlier run that recovery brought to an end.");
        _meter.CreateObservableGauge("atomikd.stuck", Stuck, "{entry}", "Markers whose outcome cannot be told (marker), and entries of the vault's lost+found (lost+found).");
    }

    private void PerRoute<T>(string name, string? unit, string description, Func<Route, T?> value)
        where T : struct => _meter.CreateObservableGauge(name, () => Measure(value), unit, description);

    private IEnumerable<Measurement<T>> Measure<T>(Func<Route, T?> value)
        where T : struct
    {
        foreach (Route route in _engine?.Routes ?? [])
        {
            if (value(route) is { } number)
                yield return new Measurement<T>(number, new KeyValuePair<string, object?>("route", route.Name));
        }
    }

    private IEnumerable<Measurement<long>> Whole(Func<CommitEngine, long> value) => _engine is { } engine ? [new Measurement<long>(value(engine))] : [];

    private IEnumerable<Measurement<long>> Stuck()
    {
        foreach (Route route in _engine?.Routes ?? [])
        {
            yield return Of(route.Stuck.Count, "marker");
            yield return Of(route.Strays, "lost+found");

            Measurement<long> Of(long count, string kind) =>
                new(count, new KeyValuePair<string, object?>("route", route.Name), new KeyValuePair<string, object?>("kind", kind));
        }
    }

    private static RouteQueue QueueOf(Route route) => route.Lane?.QueueOf(route) ?? RouteQueue.Empty;
}
