using System.Net.Sockets;
using AtomikD.Configuration;
using AtomikD.Doors;
using AtomikD.Linux;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomikD.Api;

/// <summary>gRPC on the daemon's unix socket, and nowhere else.</summary>
internal static class GrpcEndpoint
{
    /// <summary>SD_LISTEN_FDS_START</summary>
    private const nint ListenFdsStart = 3;

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
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<CommitApi>>(), Descriptors.Limit));
        // What callers do wrong is no trouble of the daemon's, and could fill its log: Kestrel calls a flood of resets critical.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None);
        builder.Logging.AddFilter("Grpc", LogLevel.None);
        if (IsHandedOver())
            builder.AddDoor(new Socket(new SafeSocketHandle(ListenFdsStart, ownsHandle: false)), settings);
        else if (Bind(settings, logger) is { } socket)
            builder.AddDoor(socket, settings);
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

    private static void AddDoor(this WebApplicationBuilder builder, Socket listening, DaemonSettings settings) => builder.Services.AddSingleton<IServer>(services =>
    {
        ILoggerFactory loggers = services.GetRequiredService<ILoggerFactory>();
        return new DoorServer("calls", listening, (connections, guard) =>
        {
            var options = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
            options.ListenUnixSocket(settings.Socket, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                guard(listen);
            });
            return new KestrelServer(Options.Create(options), connections, loggers);
        }, services.GetRequiredService<TimeProvider>(), loggers)
        {
            Keeper = services.GetRequiredService<ConnectionLimit>(),
        };
    });

    public static void MapGrpcEndpoint(this WebApplication app)
    {
        app.MapGrpcService<CommitApi>();
        app.MapGrpcService<HealthApi>();
    }

    /// <summary>systemd has bound the socket: sd_listen_fds(3).</summary>
    private static bool IsHandedOver() =>
        int.TryParse(Environment.GetEnvironmentVariable("LISTEN_PID"), out int pid) && pid == Environment.ProcessId
        && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), out int count) && count > 0;
}
