using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Routes;

namespace AtomikD.Admin;

/// <summary>
/// Looks at the service for whoever asks, however many they are: one look serves all of a moment, and each asks the journal for
/// little at a time, so that commits do not wait. Nothing is done while nobody asks.
/// </summary>
internal sealed class ServiceLooks(EngineService service, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_goodFor = TimeSpan.FromMilliseconds(500);

    /// <summary>Rows of all routes together, and of each.</summary>
    private const int MostVersions = 600;
    private const int MostVersionsOfRoute = 50;
    private const int LeastVersionsOfRoute = 5;
    private const int MostFailures = 300;
    private const int MostFailuresOfRoute = 10;
    private const int LeastFailuresOfRoute = 3;
    private const int MostRetained = 6;
    private const int MostStuckNames = 10;

    private readonly SemaphoreSlim _turn = new(1);
    private ServiceLook? _last;
    private long _lastAt;

    public async Task<ServiceLook> TakeAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_last is { } last && time.GetElapsedTime(_lastAt) < s_goodFor)
                return last;
            CommitEngine engine = service.Engine ?? throw new InvalidOperationException("The engine serves before it is started.");
            ServiceLook look = await LookAsync(engine);
            _lastAt = time.GetTimestamp();
            return _last = look;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<ServiceLook> LookAsync(CommitEngine engine)
    {
        bool showsNames = engine.Settings.Daemon.AdminNames;
        Route[] routes = [.. engine.Routes.OrderBy(route => route.Name, StringComparer.Ordinal)];
        string? trouble = null;
        var looks = new List<RouteLook>();
        foreach (Route route in routes)
        {
            RouteLook look = LookAt(route, showsNames);
            if (route.Folders is { } folders && folders.TryAcquire())
            {
                try
                {
                    look = await AddRowsAsync(look, engine, route, folders, routes.Length, showsNames);
                }
                catch (JournalException e)
                {
                    trouble = e.Message;
                }
                finally
                {
                    folders.Release();
                }
            }
            looks.Add(look);
        }
        return new ServiceLook
        {
            At = time.GetUtcNow(),
            StartedAt = service.StartedAt,
            Version = ProductVersion.Text,
            Machine = Environment.MachineName,
            ShowsNames = showsNames,
            Routes = looks,
            WatchOverflows = engine.WatchOverflows,
            Rescans = engine.Rescans,
            RecoveredCommits = engine.RecoveredCommits,
            Orphans = trouble is null ? await OrphansAsync(engine, routes) : [],
            JournalTrouble = trouble,
        };
    }

    private RouteLook LookAt(Route route, bool showsNames)
    {
        DateTimeOffset now = time.GetUtcNow();
        return new RouteLook
        {
            Settings = route.Settings,
            Trouble = showsNames ? route.Trouble : route.TroubleWithoutNames,
            Warnings = route.Warnings,
            Queue = route.Lane?.QueueOf(route) ?? Commits.RouteQueue.Empty,
            IsDurable = route.Settings.Durability == Configuration.Durability.Full && route.Folders?.Durable != false,
            Commits = route.Commits,
            Failures = route.Failures,
            LastCommitAt = route.LastCommitAt,
            Recent = route.Recent.Last(now),
            Unmarked = route.Unmarked.Count,
            UnmarkedAge = route.Unmarked.AgeAt(now),
            StuckMarkers = route.Stuck.Count,
            StuckNames = showsNames ? route.Stuck.Names(MostStuckNames) : [],
            LostAndFound = route.Strays,
            Recovery = route.LastRecovery,
        };
    }

    private static async Task<RouteLook> AddRowsAsync(RouteLook look, CommitEngine engine, Route route, OpenFolders folders, int routes, bool showsNames)
    {
        string vault = folders.Vault.Id;
        int failures = Math.Clamp(MostFailures / routes, LeastFailuresOfRoute, MostFailuresOfRoute);
        int versions = showsNames ? Math.Clamp(MostVersions / routes, LeastVersionsOfRoute, MostVersionsOfRoute) : 0;
        RouteRows rows = await engine.Journal.WriteAsync(durable: false, session =>
        {
            (long retained, long bytes) = session.RetainedTotals(vault);
            return new RouteRows
            {
                LiveNames = session.CountLive(vault, RouteRows.MostCounted),
                RetainedVersions = retained,
                RetainedBytes = bytes,
                Backlog = session.CountDue(vault, route.Settings.KeepFor, RouteRows.MostCounted),
                Failures = session.FailuresBefore(route.Name, null, long.MaxValue, failures),
                Holds = session.Holds(vault),
                Live = [],
            };
        });
        if (versions > 0)
        {
            rows = rows with
            {
                Live = await engine.Journal.WriteAsync(durable: false, session => session.NewestLive(vault, versions)
                    .Select(row => new LiveVersion(row, session.RetainedNumbers(vault, row.Name, MostRetained))).ToList()),
            };
        }
        RouteLook whole = look with
        {
            Rows = rows,
            Uses = await VersionUses.FindAsync(engine, route, folders),
            Undeletable = [.. engine.StuckIn(vault)],
        };
        return showsNames ? whole : WithoutNames(whole);
    }

    /// <summary>Messages, reasons and paths name items too.</summary>
    private static RouteLook WithoutNames(RouteLook look) => look with
    {
        Uses = [.. look.Uses.Select(use => use with { Version = use.Version with { Name = "" }, MountPoint = use.MountPoint is null ? null : "" })],
        Undeletable = [.. look.Undeletable.Select(stuck => stuck with { Path = "" })],
        Rows = look.Rows! with
        {
            Failures = [.. look.Rows.Failures.Select(failure => failure with { Name = "", Message = "" })],
            Holds = [.. look.Rows.Holds.Select(_ => ("", ""))],
        },
    };

    private static async Task<IReadOnlyList<(string Route, string Staging, int Count)>> OrphansAsync(CommitEngine engine, Route[] routes)
    {
        try
        {
            var open = await engine.Journal.WriteAsync(durable: false, session => session.OpenIntentsByVault());
            return [.. open.Where(vault => !Array.Exists(routes, route => route.Name == vault.Route)).Select(vault => (vault.Route, vault.Staging, vault.Count))];
        }
        catch (JournalException)
        {
            return [];
        }
    }

    public void Dispose() => _turn.Dispose();
}
