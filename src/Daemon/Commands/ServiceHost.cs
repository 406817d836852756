using AtomikD.Admin;
using AtomikD.Api;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Systemd;
using AtomikD.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Commands;

/// <summary>Runs the service: `atomikd` without a command.</summary>
internal static class ServiceHost
{
    public static async Task<int> RunAsync(string configPath, CancellationToken cancellation)
    {
        LoadResult loaded = ConfigurationLoader.Load(configPath);
        if (loaded.Settings is null || loaded.Errors.Count > 0)
        {
            foreach (ConfigurationError error in loaded.Errors)
                Journald.Error(error.ToString());
            Journald.Error("Not started. `atomikd check` tells more.");
            return ExitCode.Configuration;
        }
        try
        {
            await using WebApplication host = Build(new ServiceSettings(loaded.Settings, configPath, new EngineOptions()) { Variables = TelemetryVariables.OfProcess() },
                logging => Journald.AddLog(logging), AddProcess);
            await host.StartAsync(cancellation);
            await host.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok; // Stopped while it started.
        }
        catch (Exception e)
        {
            Journald.Error(e is JournalException or IOException ? e.Message : e.ToString());
            return ExitCode.Failure;
        }
    }

    /// <summary>The host of the daemon, for the service and for the demo.</summary>
    /// <exception cref="IOException">The socket cannot be had.</exception>
    public static WebApplication Build(ServiceSettings settings, Action<ILoggingBuilder> logging, Action<IServiceCollection>? more = null)
    {
        // Nothing from the environment or from files of the framework's own: all configuration is the daemon's.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging(builder.Logging);
        // The host's own words about itself; what fails at start is said once, by the caller.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddTelemetry(settings.Initial.Daemon, settings.Variables);
        builder.Services.AddSingleton<EngineService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EngineService>());
        builder.AddManager();
        // What is in work is brought to its end: large items may be under way.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(80));
        // Started after the engine, and stopped before it: no call meets an engine that does not serve.
        using (ILoggerFactory early = LoggerFactory.Create(logging))
            builder.AddGrpcEndpoint(settings.Initial.Daemon, early.CreateLogger<CommitApi>());
        builder.Services.AddAdmin();
        more?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.MapGrpcEndpoint();
        return app;
    }

    /// <summary>What there is once in a process that is the service: its manager, and the door for its administrator.</summary>
    private static void AddProcess(IServiceCollection services)
    {
        Manager.Connect(services);
        services.AddSingleton<IDoorService, ReloadService>();
        services.AddSingleton<IDoorService, BackupService>();
        services.AddHostedService<ServiceDoor>();
    }

    /// <summary>What is told to systemd; nothing where systemd did not start this.</summary>
    private static void AddManager(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => new Manager(services.GetService<Notifier>(), services.GetRequiredService<ILogger<Manager>>()));
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<SystemdService>(services, Manager.WatchdogPeriod() ?? TimeSpan.Zero));
        builder.Services.AddHostedService(services => services.GetRequiredService<SystemdService>());
    }
}
