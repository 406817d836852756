using Microsoft.Extensions.Logging;

namespace AtomikD.Client;

/// <summary>Where the daemon is and how long to wait for it. Read once, when the client is made.</summary>
public sealed class AtomikClientOptions
{
    /// <summary>The daemon's socket. Default: <c>/run/atomikd/atomikd.sock</c>. In a container, mount its folder, not the socket itself.</summary>
    public string SocketPath { get; set; } = "/run/atomikd/atomikd.sock";

    /// <summary>
    /// How long one call may take, retries included; for an upload, how long it may stand still; for a listing, each page. A watch
    /// has no limit. Default: 5 minutes. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: no limit.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a call tries to reach a daemon that does not answer, so that its restart goes unnoticed. Within
    /// <see cref="Timeout"/>. Default: 10 seconds. Zero: one try. A socket that this process may not use is not tried again.
    /// </summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For what the client has to say. Default: nobody (with dependency injection: the application's).</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>
    /// Staging folders as seen from here, by route: for containers, and for <see cref="MarkerClient"/>. Default: empty, the daemon is
    /// asked.
    /// </summary>
    public IDictionary<string, string> StagingPaths { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
