using System.Runtime.InteropServices;
using AtomikD.Configuration;
using AtomikD.Systemd;
using AtomikD.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Engine;

/// <summary>The engine as a hosted service: recovery is finished before the start is, SIGHUP reloads, SIGTERM stops in order.</summary>
internal sealed class EngineService(ServiceSettings settings, ILogger<CommitEngine> logger, TimeProvider time, EngineMetrics metrics, Manager manager) : IHostedLifecycleService, IDisposable
{
    private readonly SemaphoreSlim _reloading = new(1);
    private PosixSignalRegistration? _hangup;

    /// <summary>Set once started.</summary>
    public CommitEngine? Engine { get; private set; }

    public DateTimeOffset StartedAt { get; private set; }

    /// <summary>A configuration was read again and applied.</summary>
    public event Action? Reloaded;

    /// <summary>Whatever came of it.</summary>
    public event Action? ReloadEnded;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        StartedAt = time.GetUtcNow();
        Engine = await CommitEngine.StartAsync(settings.Initial, settings.Options, time, logger, metrics);
        _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true; // Or it would end the process.
            _ = Task.Run(ReloadAsync);
        });
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Good configuration is applied, bad is refused whole.</summary>
    /// <returns>Why it was refused; empty where it was not.</returns>
    public async Task<IReadOnlyList<string>> ReloadAsync()
    {
        if (settings.File is not { } file || Engine is not { } engine)
            return ["There is no configuration file to read again."];
        await _reloading.WaitAsync();
        try
        {
            manager.Reloading();
            return await ReloadAsync(file, engine);
        }
        catch (Exception e) when (e is Journal.JournalException or IOException)
        {
            Log.ReloadRefused(logger, e.Message);
            return [e.Message];
        }
        finally
        {
            manager.Reloaded();
            _reloading.Release();
            ReloadEnded?.Invoke();
        }
    }

    private async Task<IReadOnlyList<string>> ReloadAsync(string file, CommitEngine engine)
    {
        LoadResult result = ConfigurationLoader.Load(file);
        List<string> errors = [.. result.Errors.Select(error => error.ToString())];
        if (result.Settings is { } loaded && errors.Count == 0)
        {
            errors.AddRange(SettingsChange.Compare(engine.Settings, result).Select(error => error.ToString()));
            if (manager.IsThere)
                errors.AddRange(UnitDropIn.RoutesOutside(engine.Settings, loaded));
        }
        if (errors.Count > 0 || result.Settings is null)
        {
            Log.ReloadRefused(logger, string.Join("; ", errors));
            return errors;
        }
        await engine.ReloadAsync(result.Settings);
        Reloaded?.Invoke();
        return [];
    }

    /// <summary>Calls that wait for something long are answered soon, so that the doors close in time.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        Engine?.HurryUp();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Engine is { } engine)
            await engine.StopAsync();
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _hangup?.Dispose();
        _reloading.Dispose();
    }
}

/// <summary>What the service starts with.</summary>
/// <param name="Initial">The configuration, checked.</param>
/// <param name="File">Where to read it again on SIGHUP; null where it came from elsewhere.</param>
/// <param name="Options">How the engine runs.</param>
internal sealed record ServiceSettings(Settings Initial, string? File, EngineOptions Options)
{
    /// <summary>What the environment says of telemetry; nothing, unless it is asked.</summary>
    public TelemetryVariables Variables { get; init; } = TelemetryVariables.None;
}
