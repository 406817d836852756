using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AtomikD.Demo;
using AtomikD.Support;

namespace AtomikD.Admin;

/// <summary>A real Prometheus that scrapes one service every second, and has the rules of deploy/prometheus.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http;
    private readonly Process _process;
    private readonly StringBuilder _log = new();

    public PrometheusServer(Uri scraped)
    {
        string rules = Path.Combine(Document.Root, "deploy", "prometheus");
        string configuration = _folder.Write("prometheus.yml", $"""
            global:
              scrape_interval: 1s
              evaluation_interval: 1s
            rule_files:
              - {rules}/atomikd.rules.yml
              - {rules}/atomikd.thresholds.yml
            scrape_configs:
              - job_name: atomikd
                static_configs:
                  - targets: ["{scraped.Authority}"]
            """);
        int port = FreePort();
        ProcessStartInfo start = Command.Prepare("prometheus", $"--config.file={configuration}", $"--storage.tsdb.path={_folder["data"]}",
            $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn");
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Note;
        _process.ErrorDataReceived += Note;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") };
    }

    public static string? WhyNot => Command.WhyNot("prometheus", "promtool");

    /// <summary>The series that an expression has now.</summary>
    public async Task<IReadOnlyList<Series>> QueryAsync(string expression)
    {
        JsonElement data = await AskAsync($"query?query={Uri.EscapeDataString(expression)}");
        if (data.GetProperty("resultType").GetString() == "scalar")
            return [new Series(new Dictionary<string, string>(), NumberOf(data.GetProperty("result")))];
        return [.. data.GetProperty("result").EnumerateArray().Select(series => new Series(
            series.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!), NumberOf(series.GetProperty("value"))))];
    }

    /// <summary>What it has once that is as it should be.</summary>
    public async Task<IReadOnlyList<Series>> QueryOnceAsync(string expression, Func<IReadOnlyList<Series>, bool> isSo)
    {
        IReadOnlyList<Series> found = [];
        await Task.Run(() =>
        {
            bool isThere = Eventually.Becomes(() => IsSo(expression, isSo, ref found), s_patience);
            if (!isThere)
                Xunit.Assert.Fail($"not within {s_patience}: {expression}\n{string.Join('\n', found)}\n{Log}");
        });
        return found;
    }

    /// <summary>The rules as Prometheus has read and evaluated them.</summary>
    public async Task<JsonElement[]> RulesAsync() =>
        [.. (await AskAsync("rules")).GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray())];

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    private bool IsSo(string expression, Func<IReadOnlyList<Series>, bool> isSo, ref IReadOnlyList<Series> found)
    {
        if (_process.HasExited)
            Xunit.Assert.Fail($"Prometheus has ended:\n{Log}");
        try
        {
            return isSo(found = QueryAsync(expression).GetAwaiter().GetResult());
        }
        catch (HttpRequestException e) when (e.StatusCode is null or HttpStatusCode.ServiceUnavailable)
        {
            return false; // It is starting.
        }
    }

    private async Task<JsonElement> AskAsync(string what)
    {
        using HttpResponseMessage answer = await _http.GetAsync(new Uri(what, UriKind.Relative));
        string text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode == HttpStatusCode.BadRequest)
            Xunit.Assert.Fail($"{Uri.UnescapeDataString(what)}: {text}");
        answer.EnsureSuccessStatusCode();
        return JsonDocument.Parse(text).RootElement.GetProperty("data");
    }

    private static double NumberOf(JsonElement sample) => double.Parse(sample[1].GetString()!.Replace("Inf", "Infinity"), System.Globalization.CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
            _log.Append(line.Data).Append('\n');
    }

    /// <summary>One series and its value.</summary>
    internal sealed record Series(IReadOnlyDictionary<string, string> Labels, double Value)
    {
        public override string ToString() => $"{{{string.Join(',', Labels.Select(label => $"{label.Key}={label.Value}"))}}} {Value}";
    }
}
