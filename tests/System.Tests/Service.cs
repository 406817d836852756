using System.Text.Json;
using AtomikD.Support;

namespace AtomikD.Booted;

/// <summary>The installed service in the machine: its configuration, its state, its log.</summary>
internal sealed class Service(Machine machine)
{
    public const string Unit = "atomikd.service";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private const string Site = """
        [Routes:site]
        Staging = /srv/site/staging
        Target = /srv/site/live
        Overwrite = always
        """;

    private const string SiteDropIn = """
        [Service]
        ReadWritePaths=-/srv/site
        """;

    public string this[string path] => machine.Root + path;

    /// <summary>Package, one route called site, one drop-in for it; the service is started anew. Staging belongs to the user deploy.</summary>
    public Service Fresh(string site = Site, string dropIn = SiteDropIn)
    {
        if (!File.Exists(this["/usr/bin/atomikd"]))
            Install(machine.Packages.First);
        machine.Sh("""
            systemctl stop atomikd.service atomikd.socket
            rm -rf /etc/systemd/system/atomikd.service.d /etc/systemd/system/atomikd.socket.d /etc/atomikd/atomikd.conf.d/*.conf /srv/site /var/lib/atomikd/*
            install -d -o deploy -g deploy /srv/site/staging
            install -d /srv/site/live
            """).Check();
        Configure("site", site);
        DropIn("site", dropIn);
        machine.Sh("systemctl reset-failed; systemctl enable atomikd.service; systemctl start atomikd.service").Check();
        return this;
    }

    public void Install(string package)
    {
        string name = Path.GetFileName(package);
        File.Copy(package, this[$"/root/{name}"], overwrite: true);
        machine.Run("dpkg", "--force-confold", "--install", $"/root/{name}").Check();
    }

    public void Configure(string name, string text) => File.WriteAllText(this[$"/etc/atomikd/atomikd.conf.d/{name}.conf"], text + "\n");

    public void DropIn(string name, string text)
    {
        Directory.CreateDirectory(this["/etc/systemd/system/atomikd.service.d"]);
        File.WriteAllText(this[$"/etc/systemd/system/atomikd.service.d/{name}.conf"], text + "\n");
        machine.Run("systemctl", "daemon-reload").Check();
    }

    public string Property(string name, string unit = Unit) => machine.Run("systemctl", "show", "--property", name, "--value", unit).Check();

    public string State => Property("ActiveState");

    public int MainPid => int.Parse(Property("MainPID"), System.Globalization.CultureInfo.InvariantCulture);

    public void WaitActive(TimeSpan? patience = null) => Eventually.True(() => State == "active", "the service is active", patience ?? s_patience);

    /// <summary>Writes a folder as that user, under that umask, marks it, and waits for the outcome.</summary>
    public JsonElement Publish(string user, string umask, string name, string text)
    {
        machine.As(user, $"umask {umask}; mkdir -p /srv/site/staging/{name}; echo '{text}' > /srv/site/staging/{name}/index.html; : > /srv/site/staging/{name}.ready").Check();
        return Outcome(name);
    }

    /// <summary>What .done or .failed says, once the marker has gone; it tells which by having a reason or none.</summary>
    public JsonElement Outcome(string name, string staging = "/srv/site/staging")
    {
        string path = this[$"{staging}/{name}"];
        Eventually.True(() => !File.Exists($"{path}.ready"), $"the marker of {name} goes", s_patience);
        return JsonDocument.Parse(File.ReadAllText(File.Exists($"{path}.done") ? $"{path}.done" : $"{path}.failed")).RootElement;
    }

    public string Live(string name, string file = "index.html") => File.ReadAllText(this[$"/srv/site/live/{name}/{file}"]).TrimEnd('\n');

    /// <summary>The position in the log from which a test reads on.</summary>
    public string LogPosition() => machine.Run("journalctl", "--quiet", "--no-pager", "--lines=1", "--output=export").Check().Split('\n').First(line => line.StartsWith("__CURSOR=", StringComparison.Ordinal))["__CURSOR=".Length..];

    /// <summary>What the unit has logged since, systemd's own words about it included: priority and text.</summary>
    public IReadOnlyList<(int Priority, string Text, string By)> LogSince(string position)
    {
        machine.Run("journalctl", "--sync").Check();
        string text = machine.Run("journalctl", "--quiet", "--no-pager", "--unit", Unit, "--output=json", $"--after-cursor={position}").Check();
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Select(entry => (
            int.Parse(entry.GetProperty("PRIORITY").GetString()!, System.Globalization.CultureInfo.InvariantCulture),
            entry.GetProperty("MESSAGE").ToString(),
            entry.TryGetProperty("SYSLOG_IDENTIFIER", out JsonElement by) ? by.GetString()! : ""))];
    }
}
