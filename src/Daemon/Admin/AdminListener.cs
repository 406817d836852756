using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomikD.Admin;

/// <summary>A server of its own, with limits: who floods it takes nothing from those who commit.</summary>
internal static class AdminListener
{
    /// <summary>Each costs a descriptor.</summary>
    public const int MostConnections = 64;

    /// <summary>Browsers send the cookies of all that was ever served on this host.</summary>
    private const int MostHeaderBytes = 16 * 1024;
    private const int MostHeaders = 64;
    private const int LongestRequestLine = 2048;

    private static readonly TimeSpan s_headersWithin = TimeSpan.FromSeconds(5);

    /// <summary>Who scrapes every minute keeps its connection.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(75);

    /// <exception cref="SocketException">The address cannot be had.</exception>
    public static Socket Bind(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static KestrelServer Create(IPEndPoint address, IConnectionListenerFactory connections, Action<ListenOptions> guard, ILoggerFactory loggers)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
        options.Limits.MaxRequestHeaderCount = MostHeaders;
        options.Limits.MaxRequestLineSize = LongestRequestLine;
        options.Limits.MaxRequestBodySize = 0;
        options.Limits.RequestHeadersTimeout = s_headersWithin;
        options.Limits.KeepAliveTimeout = s_idle;
        options.Listen(address, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            guard(listen);
        });
        return new KestrelServer(Options.Create(options), connections, loggers);
    }
}
