using System.Net.Sockets;
using AtomikD.Configuration;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomikD.Api;

/// <summary>gRPC on the daemon's unix socket, and nowhere else.</summary>
internal static class GrpcEndpoint
{
    /// <summary>The kernel's own limit. Who connects while it is full is told EAGAIN at once, so one who connects in a loop must not fill it.</summary>
    private const int Backlog = 4096;

    /// <summary>Callers that were told that the daemon stops close their connections at once; others are not waited for longer.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    /// <exception cref="IOException">The socket cannot be had.</exception>
    public static void AddGrpcEndpoint(this WebApplicationBuilder builder, DaemonSettings settings, ILogger logger)
    {
        builder.Services.AddGrpc(grpc => grpc.Interceptors.Add<CallGuard>());
        // What is small on the wire may unpack to any size. After the package's own setting, which puts some where there are none.
        builder.Services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        builder.Services.AddSingleton<CallGuard>();
        builder.Services.AddSingleton<Access>();
        builder.Services.AddSingleton<EventFeed>();
        builder.Services.AddSingleton<CommitApi>();
        builder.Services.AddSingleton<HealthApi>();
        builder.Services.AddSingleton(services => new ConnectionLimit(
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<CommitApi>>(), ConnectionLimit.DescriptorsOfThisProcess()));
        // What callers do wrong is no trouble of the daemon's, and could fill its log: Kestrel calls a flood of resets critical.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None);
        builder.Logging.AddFilter("Grpc", LogLevel.None);
        if (IsHandedOver())
            builder.AddKestrel(kestrel => kestrel.UseSystemd());
        else if (Bind(settings, logger) is { } socket)
        {
            builder.AddKestrel(kestrel => kestrel.ListenUnixSocket(settings.Socket));
            builder.WebHost.UseSockets(sockets =>
            {
                sockets.CreateBoundListenSocket = _ => socket;
                sockets.Backlog = Backlog;
            });
        }
        else
            builder.Services.AddSingleton<IServer, NoServer>();
    }

    /// <summary>
    /// Null where nobody asked for that socket: who only drops markers, and may not write into /run, or runs a second daemon,
    /// is told and served all the same.
    /// </summary>
    private static Socket? Bind(DaemonSettings settings, ILogger logger)
    {
        try
        {
            Socket socket = SocketFile.Bind(settings);
            Log.Listening(logger, settings.Socket);
            return socket;
        }
        catch (IOException e) when (settings.Socket == DaemonSettings.DefaultSocket)
        {
            Log.NoSocket(logger, e.Message);
            return null;
        }
    }

    private static void AddKestrel(this WebApplicationBuilder builder, Action<KestrelServerOptions> configure)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(Configure);
            configure(kestrel);
        });
        // Of several factories Kestrel asks the last first.
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => new GuardedListenerFactory(
            ActivatorUtilities.CreateInstance<SocketTransportFactory>(services), services.GetRequiredService<ConnectionLimit>()));
    }

    public static void MapGrpcEndpoint(this WebApplication app)
    {
        app.MapGrpcService<CommitApi>();
        app.MapGrpcService<HealthApi>();
    }

    private static void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        ConnectionLimit limit = listen.ApplicationServices.GetRequiredService<ConnectionLimit>();
        CancellationToken stopping = listen.ApplicationServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        listen.Use(next => async connection =>
        {
            var transport = (PatientTransport)connection.Transport;
            try
            {
                await next(connection);
            }
            finally
            {
                await transport.EndAsync(stopping.IsCancellationRequested ? s_lastWords : TimeSpan.Zero);
                limit.Leave(connection.Features.GetRequiredFeature<Peer>().Uid);
            }
        });
    }

    /// <summary>systemd has bound the socket: sd_listen_fds(3).</summary>
    private static bool IsHandedOver() =>
        int.TryParse(Environment.GetEnvironmentVariable("LISTEN_PID"), out int pid) && pid == Environment.ProcessId
        && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), out int count) && count > 0;
}
