// The client in a hosted application: one for the whole process, with its logging and its configuration
// (Atomik:SocketPath, or the environment variable Atomik__SocketPath).
//
//   DependencyInjection ROUTE
using AtomikD.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddAtomikClient(options => builder.Configuration.GetSection("Atomik").Bind(options));
builder.Services.AddSingleton(new ReportSettings(args.Length > 0 ? args[0] : "reports"));
builder.Services.AddHostedService<ReportWriter>();
await builder.Build().RunAsync();

internal sealed record ReportSettings(string Route);

/// <summary>Publishes one report and ends the application. It asks for no more than it needs: in its tests, a stager that is a fake.</summary>
internal sealed class ReportWriter(IAtomikStager stager, ReportSettings settings, IHostApplicationLifetime application, ILogger<ReportWriter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using StagedFile file = await stager.StageFileAsync(settings.Route, stoppingToken);
        await using (var writer = new StreamWriter(file.Stream, leaveOpen: true))
            await writer.WriteLineAsync($"made by process {Environment.ProcessId}");
        CommittedVersion version = await file.CommitAsync("report.txt", new CommitOptions { Overwrite = true }, stoppingToken);
        if (logger.IsEnabled(LogLevel.Information))
            logger.LogInformation("report.txt is version {Version}", version.Number);
        application.StopApplication();
    }
}
