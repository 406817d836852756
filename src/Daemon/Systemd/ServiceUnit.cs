using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Routes;

namespace AtomikD.Systemd;

/// <summary>
/// What the unit lets the service do, asked from outside of it: a shell sees other mounts than the service does, and folders that are
/// one mount in the shell may be two there, or read-only.
/// </summary>
internal sealed class ServiceUnit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyDictionary<string, string> _properties;
    private readonly IReadOnlyList<string> _writable;
    private readonly MountTable? _running;

    /// <param name="shown">What `systemctl show` printed.</param>
    /// <param name="running">The mounts that the running service has; null where none runs.</param>
    public ServiceUnit(string shown, MountTable? running)
    {
        _properties = shown.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        _writable = [.. Value("ReadWritePaths").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(path => path.TrimStart('-', '+').TrimEnd('/'))];
        _running = running;
    }

    public bool IsLoaded => Value("LoadState") == "loaded";

    private bool IsStrict => Value("ProtectSystem") == "strict";

    /// <summary>Null where systemd does not run, or does not know the unit.</summary>
    public static ServiceUnit? Ask()
    {
        if (!Directory.Exists("/run/systemd/system"))
            return null;
        string shown = Show();
        var unit = new ServiceUnit(shown, null);
        if (!unit.IsLoaded)
            return null;
        return int.TryParse(unit.Value("MainPID"), NumberStyles.None, CultureInfo.InvariantCulture, out int process) && process > 0
            ? new ServiceUnit(shown, MountsOf(process))
            : unit;
    }

    /// <summary>Whether the service could serve the route.</summary>
    public IReadOnlyList<Finding> Judge(RouteSettings route)
    {
        string[] folders = [route.Staging, route.Target, route.Vault];
        if (HiddenBy(folders) is { } hiding)
            return [Error($"The service does not see the folders: {hiding} in {UnitDropIn.DefaultUnit}.", UnitDropIn.ToSee(route, hiding))];
        string?[] paths = [.. folders.Select(PathFor)];
        if (IsStrict && Array.FindIndex(paths, path => path is null) is var outside and >= 0)
            return [Error($"The service may not write in {folders[outside]}: no ReadWritePaths= of {UnitDropIn.DefaultUnit} holds it.", UnitDropIn.For(route))];
        if (paths.Distinct().Count() > 1 && route.CrossDevice == CrossDevicePolicy.Refuse)
            return [Error($"The service sees the route's folders on different mounts, ReadWritePaths={string.Join(' ', paths.Distinct())}, and nothing can be renamed from one to another.",
                $"One line must replace these: {UnitDropIn.For(route)}")];
        return NeedsRestart(folders)
            ? [new Finding(Severity.Warning, $"The running service does not see the folders as {UnitDropIn.DefaultUnit} says now.", "It will after: systemctl daemon-reload && systemctl restart atomikd")]
            : [new Finding(Severity.Info, $"The service may write there{(paths[0] is { } path ? $": ReadWritePaths={path}" : "")}.")];
    }

    private string Value(string property) => _properties.GetValueOrDefault(property, "");

    private static Finding Error(string message, string hint) => new(Severity.Error, message, char.ToUpperInvariant(hint[0]) + hint[1..]) { IsOfUnit = true };

    /// <summary>The path of the unit that the folder is below of, the nearest.</summary>
    private string? PathFor(string folder) => _writable.Where(path => UnitDropIn.Holds(path, folder)).MaxBy(path => path.Length);

    private string? HiddenBy(string[] folders)
    {
        bool Any(params string[] parents) => folders.Any(folder => parents.Any(parent => UnitDropIn.Holds(parent, folder)));
        if (Value("ProtectHome") is "yes" or "tmpfs" && Any("/home", "/root", "/run/user"))
            return $"ProtectHome={Value("ProtectHome")}";
        return Value("PrivateTmp") == "yes" && Any("/tmp", "/var/tmp") ? "PrivateTmp=yes" : null;
    }

    /// <summary>The service keeps the mounts that it was started with.</summary>
    private bool NeedsRestart(string[] folders)
    {
        if (_running is null)
            return false;
        List<Mount?> mounts = [.. folders.Select(folder => _running.All.Where(mount => UnitDropIn.Holds(mount.Point.ToString(), folder)).MaxBy(mount => mount.Point.Length))];
        return mounts.Exists(mount => mount?.HasOption("ro") != false) || mounts.DistinctBy(mount => mount!.Id).Count() > 1;
    }

    private static MountTable? MountsOf(int process)
    {
        try
        {
            return MountTable.Parse(File.ReadAllText($"/proc/{process}/mountinfo", Encoding.Latin1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Show()
    {
        try
        {
            string[] arguments = ["show", UnitDropIn.DefaultUnit, "-p", "LoadState,MainPID,ReadWritePaths,ProtectSystem,ProtectHome,PrivateTmp"];
            var start = new ProcessStartInfo("systemctl", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            using var systemctl = Process.Start(start);
            Task<string> output = systemctl!.StandardOutput.ReadToEndAsync();
            if (systemctl.WaitForExit(s_patience))
                return output.GetAwaiter().GetResult();
            systemctl.Kill();
        }
        catch (Win32Exception)
        {
            // There is no systemctl.
        }
        return "";
    }
}
