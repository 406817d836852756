using System.Globalization;
using System.Net.Sockets;
using AtomikD.Linux;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace AtomikD.Systemd;

/// <summary>
/// What the service tells systemd: sd_notify(3). READY=1 after the start and STOPPING=1 are the host's own (SystemdLifetime); the
/// rest is here. Where systemd did not start this process, nothing is said.
/// </summary>
/// <param name="notifier">Null where systemd did not start this process.</param>
/// <param name="logger">For the one time that systemd cannot be reached.</param>
internal sealed class Manager(Notifier? notifier, ILogger logger)
{
    private readonly Lock _lock = new();
    private string _status = "";
    private bool _failed;

    /// <summary>
    /// Where a manager listens: sd_notify's own rule. The package's AddSystemd asks whether the parent is called systemd instead,
    /// which leaves out a service behind a wrapper, and other managers that speak the protocol.
    /// </summary>
    public static void Connect(IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } path)
            return;
        var notifier = new Notifier(path);
        services.AddSingleton(notifier);
        services.AddSingleton<ISystemdNotifier>(notifier);
        services.AddSingleton<IHostLifetime, SystemdLifetime>();
    }

    public bool IsThere => notifier is not null;

    /// <summary>How often systemd wants to hear of this process; null where it does not.</summary>
    public static TimeSpan? WatchdogPeriod()
    {
        string? process = Environment.GetEnvironmentVariable("WATCHDOG_PID");
        bool isOurs = string.IsNullOrEmpty(process) || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return isOurs && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long period) && period > 0
            ? TimeSpan.FromMicroseconds(period)
            : null;
    }

    /// <summary>What `systemctl status` shows. Every local user can read it, so no names of items. Said only where it was not heard yet.</summary>
    public void Status(string text)
    {
        lock (_lock)
        {
            if (text == _status)
                return;
            _status = text;
        }
        if (Send($"STATUS={text}"))
            return;
        lock (_lock)
            _status = "";
    }

    public void Alive() => Send("WATCHDOG=1");

    /// <summary>The operation under way, start, reload or stop, may take so much longer from now on.</summary>
    public void NeedsMore(TimeSpan time) => Send($"EXTEND_TIMEOUT_USEC={(long)time.TotalMicroseconds}");

    /// <summary>The moment must be in the same message, or systemd may take an older READY=1 for the end of this reload.</summary>
    public void Reloading() => Send($"RELOADING=1\nMONOTONIC_USEC={(long)Time.Now(Time.CLOCK_MONOTONIC).TotalMicroseconds}");

    /// <summary>The reload is over, whatever came of it.</summary>
    public void Reloaded() => Send("READY=1");

    private bool Send(string message)
    {
        try
        {
            return notifier?.TryNotify(message) == true;
        }
        catch (SocketException e)
        {
            if (!Interlocked.Exchange(ref _failed, true))
                Log.NotReached(logger, e.Message);
            return false;
        }
    }
}
