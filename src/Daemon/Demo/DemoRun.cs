using System.Diagnostics;
using AtomikD.Commands;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Routes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Demo;

/// <summary>The service over a temporary folder, a producer beside it, readers that check all they read, and what came of it.</summary>
/// <param name="Parent">Where the temporary folder is made.</param>
/// <param name="Time">How long the producer works.</param>
internal sealed record DemoRun(string Parent, TimeSpan Time)
{
    private const int Keep = 2;
    private const int ReadersOfEachKind = 2;
    private static readonly TimeSpan s_keepFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Tally _tally = new();
    private readonly List<string> _problems = [];
    private List<Published> _published = [];
    private TimeSpan _elapsed;
    private int _kept;

    /// <summary>Returns what came out, also where it was interrupted; nothing of it is left then.</summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public async Task<DemoReport> RunAsync(DemoScreen screen, CancellationToken interrupted)
    {
        DemoFolder folder = DemoFolder.Create(Parent);
        List<string> leftOver = [];
        try
        {
            screen.Line($"AtomikD publishes a folder again and again for {Time.TotalSeconds:0.#} s, in {folder.Root}");
            if (await ServeAsync(folder, screen, interrupted))
            {
                _kept = folder.Slots().Count;
                if (!interrupted.IsCancellationRequested)
                {
                    VerifyWhatStands(folder);
                    leftOver = [.. folder.LeftOver(Keep)];
                }
            }
        }
        finally
        {
            if (folder.Remove() is { } problem)
                leftOver.Add(problem);
        }
        return new DemoReport
        {
            Elapsed = _elapsed,
            Published = _published,
            Tally = _tally,
            Collected = Math.Max(0, _published.Count - 1 - _kept),
            Kept = _kept,
            KeepFor = s_keepFor,
            IsInterrupted = interrupted.IsCancellationRequested,
            LeftOver = leftOver,
            Problems = _problems,
        };
    }

    /// <summary>False where the service could not be had.</summary>
    private async Task<bool> ServeAsync(DemoFolder folder, DemoScreen screen, CancellationToken interrupted)
    {
        using var alerts = new Alerts(screen.Line);
        await using WebApplication host = ServiceHost.Build(new ServiceSettings(SettingsOf(folder), null, new EngineOptions()), logging => logging.AddProvider(alerts));
        await host.StartAsync(CancellationToken.None);
        CommitEngine engine = host.Services.GetRequiredService<EngineService>().Engine!;
        Route route = engine.Routes[0];
        bool isServed = route.Folders is not null;
        if (isServed)
            await WorkAsync(folder, engine, screen, interrupted);
        else
            _problems.Add($"the folder cannot be served: {route.Trouble}");
        await host.StopAsync(CancellationToken.None);
        if (alerts.Errors > 0)
            _problems.Add($"the daemon told of {alerts.Errors} errors");
        return isServed;
    }

    private static Settings SettingsOf(DemoFolder folder) => new()
    {
        Daemon = new DaemonSettings { StateDirectory = folder.State, Socket = Path.Combine(folder.Root, "atomikd.sock"), Admin = "" },
        Routes =
        [
            new RouteSettings
            {
                Name = "demo",
                Staging = folder.Staging,
                Target = folder.Target,
                Vault = folder.Vault,
                Overwrite = OverwritePolicy.Always,
                Keep = Keep,
                KeepFor = s_keepFor,
            },
        ],
    };

    private async Task WorkAsync(DemoFolder folder, CommitEngine engine, DemoScreen screen, CancellationToken interrupted)
    {
        using var stopReading = new CancellationTokenSource();
        using ProducerProcess producer = ProducerProcess.Start(folder.Staging, folder.Target);
        List<Reader> readers = [];
        try
        {
            await BecomesAsync(() => producer.Latest.Count > 0 || producer.Ended.IsCompleted, s_patience, interrupted);
            var watch = Stopwatch.StartNew();
            if (producer.Latest.Count > 0)
            {
                readers = StartReaders(folder, stopReading.Token);
                await WatchAsync(folder, producer, engine, watch, screen, interrupted);
            }
            if (producer.Ended.IsCompleted && !interrupted.IsCancellationRequested)
                _problems.Add(producer.Problem ?? "the producer ended before its time");
            if (!await producer.StopAsync(s_patience, interrupted) && !interrupted.IsCancellationRequested)
                _problems.Add("the producer did not end when it was asked to");
            _elapsed = watch.Elapsed;
            _published = producer.Published;
        }
        finally
        {
            await stopReading.CancelAsync();
            readers.ForEach(reader => reader.Join());
        }
        await CollectAsync(folder, engine, interrupted);
    }

    private List<Reader> StartReaders(DemoFolder folder, CancellationToken stop)
    {
        var readers = new List<Reader>();
        for (int i = 0; i < ReadersOfEachKind; i++)
        {
            readers.Add(new FolderReader(folder.Site, s_keepFor, _tally, stop));
            readers.Add(new PathReader(folder.Site, s_keepFor, _tally, stop));
            readers.Add(new LockingReader(folder.Site, s_keepFor, _tally, () => folder.Slots().Count, stop));
        }
        readers.ForEach(reader => reader.Start());
        return readers;
    }

    private async Task WatchAsync(DemoFolder folder, ProducerProcess producer, CommitEngine engine, Stopwatch watch, DemoScreen screen, CancellationToken interrupted)
    {
        Task pruning = Task.CompletedTask;
        long collected = 0;
        while (watch.Elapsed < Time && !producer.Ended.IsCompleted && !interrupted.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(Min(s_look, Time - watch.Elapsed), interrupted), producer.Ended);
            // By itself collection gives way to commits, and here they never pause; ten seconds are to show both.
            if (pruning.IsCompleted)
                pruning = engine.PruneAsync("demo");
            (long newest, int count) = producer.Latest;
            collected = Math.Max(collected, count - 1 - folder.Slots().Count);
            screen.Progress($"version {newest:N0}, {count / watch.Elapsed.TotalSeconds:0} commits/s, {_tally.Reads:N0} reads, {_tally.Bytes / 1e6:N0} MB verified, "
                + $"{_tally.Torn} torn, {_tally.Missing} missing, {collected:N0} collected");
        }
    }

    /// <summary>What was replaced last comes of age only now. What is not collected in time is left over, and told.</summary>
    private static async Task CollectAsync(DemoFolder folder, CommitEngine engine, CancellationToken interrupted)
    {
        var waited = Stopwatch.StartNew();
        while (!await BecomesAsync(() => folder.IsCollected(Keep), s_keepFor / 2, interrupted) && waited.Elapsed < s_patience && !interrupted.IsCancellationRequested)
            await engine.PruneAsync("demo");
    }

    /// <summary>After the stop: what is live and what is kept, once more.</summary>
    private void VerifyWhatStands(DemoFolder folder)
    {
        var check = new VersionCheck();
        foreach (string path in folder.Slots().Prepend(folder.Site))
        {
            Errno error = Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd opened);
            using Fd closing = opened;
            Verdict verdict = error == Errno.None ? check.Folder(opened) : Verdict.NotOpened(0, path, error);
            _tally.Count("after the stop", verdict);
            if (path == folder.Site && _published.Count > 0 && verdict.Version != _published[^1].Version)
                _problems.Add($"version {_published[^1].Version} was told last, but {verdict.Version} is live");
        }
    }

    private static async Task<bool> BecomesAsync(Func<bool> condition, TimeSpan limit, CancellationToken interrupted)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            if (waited.Elapsed > limit || interrupted.IsCancellationRequested)
                return false;
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(20), interrupted));
        }
        return true;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? (a > TimeSpan.Zero ? a : TimeSpan.Zero) : (b > TimeSpan.Zero ? b : TimeSpan.Zero);
}
