using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomikD.Admin;

/// <summary>A server of its own, with limits: who floods it takes nothing from those who commit.</summary>
internal static class AdminListener
{
    /// <summary>Each costs a descriptor.</summary>
    private const int MostConnections = 64;

    /// <summary>Browsers send the cookies of all that was ever served on this host.</summary>
    private const int MostHeaderBytes = 16 * 1024;
    private const int MostHeaders = 64;
    private const int LongestRequestLine = 2048;

    private static readonly TimeSpan s_headersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Who scrapes every minute keeps its connection.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(75);

    public static KestrelServer Create(IPEndPoint address, ILoggerFactory loggers)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MostConnections;
        options.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
        options.Limits.MaxRequestHeaderCount = MostHeaders;
        options.Limits.MaxRequestLineSize = LongestRequestLine;
        options.Limits.MaxRequestBodySize = 0;
        options.Limits.RequestHeadersTimeout = s_headersWithin;
        options.Limits.KeepAliveTimeout = s_idle;
        options.Listen(address, listen => listen.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        return new KestrelServer(Options.Create(options), transport, loggers);
    }
}
