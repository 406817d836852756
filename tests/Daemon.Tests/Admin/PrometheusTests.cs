using System.Text.Json;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Admin;

/// <summary>A real Prometheus scrapes the service: what it is asked is what happened, and all that deploy has for it works.</summary>
public sealed class PrometheusTests(PrometheusTests.Scene scene) : IClassFixture<PrometheusTests.Scene>
{
    /// <summary>What Grafana puts in.</summary>
    private static readonly (string Variable, string Value)[] s_variables =
        [("$__rate_interval", "10m"), ("$__range", "10m"), ("$job", "atomikd"), ("$instance", ".*"), ("$route", ".*")];

    public static TheoryData<string, string> Panels
    {
        get
        {
            var panels = new TheoryData<string, string>();
            foreach ((string title, string expression) in Dashboard.Expressions)
                panels.Add(title, expression);
            return panels;
        }
    }

    [Fact]
    public async Task Queries_return_what_was_done()
    {
        PrometheusServer prometheus = scene.Ready();

        await prometheus.QueryOnceAsync("sum by (route, door) (atomikd_commits_total{outcome=\"committed\"})",
            found => found.Count == 1 && found[0].Value >= Scene.LeastCommits && found[0].Labels["route"] == "site" && found[0].Labels["door"] == "marker");
        await prometheus.QueryOnceAsync("atomikd_commits_total{outcome!=\"committed\"}", found =>
            found.Select(series => (series.Labels["outcome"], series.Value)).Order().SequenceEqual([("BAD_MARKER", 1), ("ITEM_NOT_FOUND", 2)]));
        await prometheus.QueryOnceAsync("histogram_quantile(0.5, sum by (le) (rate(atomikd_commit_duration_seconds_bucket{outcome=\"committed\"}[20s])))",
            found => found.Count == 1 && found[0].Value is > 0 and < 60);
        await prometheus.QueryOnceAsync("atomikd_commit_duration_seconds_count == on (route, door, outcome) atomikd_commits_total", found => found.Count == 3);
        await prometheus.QueryOnceAsync("atomikd_route_healthy", found => found.ToDictionary(series => series.Labels["route"], series => series.Value) is var healthy
            && healthy["site"] == 1 && healthy["away"] == 0);
        await prometheus.QueryOnceAsync("time() - atomikd_route_last_commit_timestamp_seconds", found => found.Count == 1 && found[0].Value is >= -1 and < 60);
        await prometheus.QueryOnceAsync("up{job=\"atomikd\"}", found => found.Count == 1 && found[0].Value == 1);
    }

    [Theory]
    [MemberData(nameof(Panels))]
    public async Task Each_panel_of_the_dashboard_has_data(string title, string expression)
    {
        PrometheusServer prometheus = scene.Ready();
        foreach ((string variable, string value) in s_variables)
            expression = expression.Replace(variable, value);
        Assert.DoesNotContain("$", expression);

        await prometheus.QueryOnceAsync(expression, found => found.Count > 0 && found.Any(series => double.IsFinite(series.Value)));

        Assert.NotEmpty(title);
    }

    [Fact]
    public async Task The_dashboard_counts_the_first_failure_of_its_kind_too()
    {
        PrometheusServer prometheus = scene.Ready();
        foreach (string panel in (string[])["Failures in the range", "Failures by reason"])
        {
            string expression = Dashboard.Expressions.Single(found => found.Title == panel).Expression;
            foreach ((string variable, string value) in s_variables)
                expression = expression.Replace(variable, value);

            await prometheus.QueryOnceAsync(expression, found => found.Sum(series => series.Value) is > 2.9 and < 4.5);
        }
    }

    [Fact]
    public async Task The_rules_are_taken_and_evaluated()
    {
        PrometheusServer prometheus = scene.Ready();
        // Not healthy for a moment, so not firing yet: the rule waits for two minutes.
        await prometheus.QueryOnceAsync("ALERTS{alertname=\"AtomikdRouteUnhealthy\"}", found => found.Count == 1 && found[0].Labels["route"] == "away");
        await prometheus.QueryOnceAsync("atomikd:commit_age:max_seconds", found => found.Count == 1);

        JsonElement[] rules = await prometheus.RulesAsync();

        Assert.Equal(11, rules.Length);
        Assert.All(rules, rule => Assert.Equal("ok", rule.GetProperty("health").GetString()));
    }

    [Fact]
    public void Promtool_passes_the_rules_and_their_tests()
    {
        Assert.SkipWhen(PrometheusServer.WhyNot is not null, PrometheusServer.WhyNot ?? "");
        string folder = Path.Combine(Document.Root, "deploy", "prometheus");

        Command.Run("promtool", "check", "rules", "--lint-fatal", $"{folder}/atomikd.rules.yml", $"{folder}/atomikd.thresholds.yml").Check();
        Command.Run("promtool", "test", "rules", $"{folder}/atomikd.rules.test.yml").Check();
    }

    [Fact]
    public void Each_alert_is_tested_and_says_what_to_do_and_where_to_read_on()
    {
        string rules = new Document("deploy/prometheus/atomikd.rules.yml").Text;
        string tests = new Document("deploy/prometheus/atomikd.rules.test.yml").Text;
        string manual = new Document("docs/alerts.md").Text;
        string[] alerts = [.. rules.Split("- alert: ").Skip(1).Select(rule => rule.Split('\n')[0])];

        Assert.Equal(10, alerts.Length);
        Assert.All(alerts, alert =>
        {
            string rule = rules.Split($"- alert: {alert}\n")[1].Split("- alert: ")[0];
            Assert.Contains($"runbook_url: docs/alerts.md#{alert.ToLowerInvariant()}", rule);
            Assert.Contains("summary:", rule);
            Assert.Contains("description:", rule);
            Assert.Contains("severity:", rule);
            Assert.Contains(alert, tests);
            Assert.Contains($"\n## {alert}\n", manual);
        });
    }

    [Fact]
    public void The_dashboard_asks_only_its_own_data_source_and_says_what_each_panel_is()
    {
        JsonElement[] panels = Dashboard.Panels;

        Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels.Where(panel => panel.GetProperty("type").GetString() != "row"), panel =>
        {
            Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString());
            Assert.NotEmpty(panel.GetProperty("title").GetString()!);
            Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray());
        });
        Assert.Equal(["datasource", "job", "instance", "route"], Dashboard.Variables);
    }

    /// <summary>A service at work, and a Prometheus that looks at it.</summary>
    public sealed class Scene : IAsyncLifetime
    {
        internal const int LeastCommits = 5;

        private readonly CancellationTokenSource _stop = new();
        private AdminScene? _admin;
        private PrometheusServer? _prometheus;
        private Task _producer = Task.CompletedTask;

        internal PrometheusServer Ready()
        {
            Assert.SkipWhen(PrometheusServer.WhyNot is not null, PrometheusServer.WhyNot ?? "");
            return _prometheus!;
        }

        public async ValueTask InitializeAsync()
        {
            if (PrometheusServer.WhyNot is not null)
                return;
            // What is replaced is collected at once, so that the instruments of collection have something to tell.
            _admin = new AdminScene(configure: route => route with { Keep = 0, KeepFor = TimeSpan.Zero });
            _admin.Service.Settings = _admin.Service.Settings with { Routes = [.. _admin.Service.Settings.Routes, _admin.Service.NewRoute("away")] };
            Directory.Delete(_admin.Service.Settings.Routes[1].Staging);
            await _admin.StartAsync();
            _prometheus = new PrometheusServer(_admin.Service.AdminAddress);
            await _prometheus.QueryOnceAsync("up", found => found.Count == 1 && found[0].Value == 1);
            _admin.Mark("nothing");
            _admin.Mark("nothing-again");
            _admin.Publish("odd", marker: "{\"odd\":1}");
            _producer = Task.Run(Produce);
        }

        /// <summary>Goes on for as long as somebody asks, so that rates are not zero.</summary>
        private void Produce()
        {
            for (int i = 0; !_stop.IsCancellationRequested; i++)
            {
                _admin!.Publish("app", $"{i}");
                _stop.Token.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(300));
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _producer;
            if (_prometheus is not null)
                await _prometheus.DisposeAsync();
            if (_admin is not null)
                await _admin.DisposeAsync();
            _stop.Dispose();
        }
    }

    /// <summary>deploy/grafana/atomikd.json</summary>
    private static class Dashboard
    {
        private static readonly JsonElement s_root = JsonDocument.Parse(new Document("deploy/grafana/atomikd.json").Text).RootElement;

        public static JsonElement[] Panels => [.. s_root.GetProperty("panels").EnumerateArray()];

        public static string[] Variables => [.. s_root.GetProperty("templating").GetProperty("list").EnumerateArray().Select(variable => variable.GetProperty("name").GetString()!)];

        public static IEnumerable<(string Title, string Expression)> Expressions =>
            from panel in Panels
            where panel.TryGetProperty("targets", out _)
            from target in panel.GetProperty("targets").EnumerateArray()
            select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);
    }
}
