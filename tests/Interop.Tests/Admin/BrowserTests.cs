using System.Text.Json;
using AtomikD.Configuration;
using AtomikD.Interop.Support;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Interop.Admin;

/// <summary>The status page in a real browser: a test for each check of node/page.js.</summary>
public sealed class BrowserTests(BrowserTests.Run run) : IClassFixture<BrowserTests.Run>
{
    public static TheoryData<string> Checks => CheckNames.InNode("page.js");

    [Theory]
    [MemberData(nameof(Checks))]
    public void Chromium(string check) => run.Assert(check);

    public sealed class Run : IAsyncLifetime
    {
        /// <summary>A folder for pictures of the page, such as docs/images; by default none are made.</summary>
        private const string Pictures = "ATOMIKD_PICTURES";

        private readonly string? _whyNot = Command.WhyNot("chromium") ?? NodePackages.WhyNot;
        private ServiceHarness? _service;
        private CheckReport? _report;

        public async ValueTask InitializeAsync()
        {
            if (_whyNot is not null)
                return;
            _service = new ServiceHarness();
            _service.Settings = new Settings
            {
                Daemon = _service.Settings.Daemon with { Admin = "127.0.0.1:0", AdminNames = true },
                Routes = [_service.Settings.Routes[0], _service.NewRoute("reports") with { Overwrite = OverwritePolicy.Never }, _service.NewRoute("archive")],
            };
            Directory.Delete(_service.Settings.Routes[2].Staging);
            await _service.StartAsync();
            string plan = Path.Combine(_service.Root, "plan.json");
            File.WriteAllText(plan, JsonSerializer.Serialize(new
            {
                address = _service.AdminAddress,
                chromium = Command.Find("chromium"),
                routes = _service.Settings.Routes.ToDictionary(route => route.Name, route => new { staging = route.Staging, target = route.Target }),
                pictures = Environment.GetEnvironmentVariable(Pictures),
            }));
            _report = CheckReport.Of(NodePackages.Program("page.js", plan), TimeSpan.FromMinutes(4));
        }

        internal void Assert(string check)
        {
            Xunit.Assert.SkipWhen(_whyNot is not null, _whyNot ?? "");
            _report!.Assert(check);
        }

        public async ValueTask DisposeAsync()
        {
            if (_service is not null)
                await _service.DisposeAsync();
        }
    }
}
