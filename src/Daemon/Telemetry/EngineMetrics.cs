using System.Diagnostics;
using System.Diagnostics.Metrics;
using AtomikD.Commits;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Routes;
using AtomikD.Versions;

namespace AtomikD.Telemetry;

/// <summary>
/// Every instrument of the service. What happens is told here by methods; what is so at a moment is asked of the engine when
/// somebody reads (<c>EngineMetrics.State.cs</c>). Where nobody does, an instrument costs a look at one flag.
/// </summary>
internal sealed partial class EngineMetrics : IDisposable
{
    /// <summary>Of the meter, and of the source of the spans.</summary>
    public const string SourceName = "AtomikD";

    /// <summary>Outcome of what went live; else it is the reason.</summary>
    public const string Committed = "committed";

    private static readonly double[] s_commitSeconds =
        [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];

    private static readonly double[] s_collectionSeconds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 300, 1800];

    private static readonly int[] s_batchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048];

    private readonly Meter _meter;
    private readonly Counter<long> _commits;
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<int> _batchSize;
    private readonly Counter<long> _deleted;
    private readonly Counter<long> _reclaimed;
    private readonly Histogram<double> _collectionDuration;
    private volatile CommitEngine? _engine;

    public EngineMetrics()
    {
        // Several services may stand in one process, as in tests: the scope tells their meters apart.
        _meter = new Meter(new MeterOptions(SourceName) { Version = ProductVersion.Text, Scope = this });
        _commits = _meter.CreateCounter<long>("atomikd.commits", "{commit}", "Requests that were decided: put live, rolled back, taken down or refused.");
        _commitDuration = _meter.CreateHistogram("atomikd.commit.duration", "s", "Time from the moment a request was heard of until its outcome was told.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = s_commitSeconds });
        _batchSize = _meter.CreateHistogram("atomikd.batch.size", "{commit}", "Requests that were published, settled and acknowledged together.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = s_batchSizes });
        _deleted = _meter.CreateCounter<long>("atomikd.gc.deleted", "{version}", "Replaced versions that were deleted.");
        _reclaimed = _meter.CreateCounter<long>("atomikd.gc.reclaimed", "By", "Disk space that deleting freed.");
        _collectionDuration = _meter.CreateHistogram("atomikd.gc.duration", "s", "Time of one pass over a route that deleted something.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = s_collectionSeconds });
        CreateStateInstruments();
    }

    /// <summary>Is this instrument one of another service in the same process?</summary>
    public bool IsAnothers(Instrument instrument) => instrument.Meter.Name == SourceName && instrument.Meter.Scope != this;

    /// <summary>
    /// Series that the SDK makes room for at once. Its own limit is 2000 for each instrument: much for the garbage collector to walk
    /// where there are three, and too few where there are many routes.
    /// </summary>
    public static int MostSeries(Instrument instrument, int routes) => instrument.Name switch
    {
        // As many again may come by reloads.
        "atomikd.commits" or "atomikd.commit.duration" => 2 * Math.Max(routes, 4) * Enum.GetValues<Door>().Length * (Enum.GetValues<Reason>().Length + 1),
        _ => 2 * Math.Max(routes, 32),
    };

    /// <summary>A request came to its end.</summary>
    public void Decided(Commit commit) => Decided(commit, commit.Refusal?.Reason);

    /// <summary>A call was answered without coming to its end: its route is away, say, or its lane has stopped.</summary>
    public void Decided(Commit commit, Reason? refused)
    {
        if (!_commits.Enabled)
            return;
        var tags = new TagList
        {
            { "route", commit.Route.Name },
            { "door", NameOf(commit.Door) },
            { "outcome", refused is { } reason ? reason.WireName() : Committed },
        };
        _commits.Add(1, tags);
        _commitDuration.Record(Stopwatch.GetElapsedTime(commit.ArrivedAt).TotalSeconds, tags);
    }

    /// <summary>A call was refused before it became a request to a lane.</summary>
    public void Refused(Route route, Reason reason) =>
        _commits.Add(1, new("route", route.Name), new("door", NameOf(Door.Rpc)), new("outcome", reason.WireName()));

    /// <summary>So many requests go through the last three steps together.</summary>
    public void BatchFormed(int size) => _batchSize.Record(size);

    /// <summary>A pass of the collection over a route has ended.</summary>
    public void Collected(Route route, CollectResult result, TimeSpan took)
    {
        if (result is { Deleted: 0, Bytes: 0 })
            return;
        KeyValuePair<string, object?> tag = new("route", route.Name);
        _deleted.Add(result.Deleted, tag);
        _reclaimed.Add(result.Bytes, tag);
        _collectionDuration.Record(took.TotalSeconds, tag);
    }

    public static string NameOf(Door door) => door == Door.Marker ? "marker" : "rpc";

    public void Dispose() => _meter.Dispose();
}
