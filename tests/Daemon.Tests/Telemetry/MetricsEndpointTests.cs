using AtomikD.Support;
using Xunit;

namespace AtomikD.Telemetry;

public sealed class MetricsEndpointTests
{
    [Theory]
    [InlineData("", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData(Scrape.OpenMetrics, "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    public async Task It_answers_in_the_format_that_is_asked_for_and_says_so(string accept, string contentType)
    {
        await using ServiceHarness service = await Scrape.Service().StartAsync();

        Scrape scrape = await Scrape.OfAsync(service, accept);

        Assert.Equal((200, contentType, ""), (scrape.Status, scrape.ContentType, scrape.Encoding));
        ScrapedMetrics metrics = accept.Length > 0 ? ExpositionParser.OpenMetrics(scrape.Text) : ExpositionParser.Classic(scrape.Text);
        Assert.Equal(1, metrics.Value("atomikd_route_healthy", "route=site"));
        Assert.Equal(1, metrics.Value("target_info", "service_name=atomikd"));
        Assert.True(metrics.Value("dotnet_process_memory_working_set_bytes") > 0);
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip;q=0.5, deflate", "gzip")]
    [InlineData("*", "gzip")]
    [InlineData("", "")]
    [InlineData("gzip;q=0, *", "")]
    [InlineData("br, identity", "")]
    public async Task It_is_compressed_for_who_asks_for_it(string acceptEncoding, string encoding)
    {
        await using ServiceHarness service = await Scrape.Service().StartAsync();

        Scrape scrape = await Scrape.OfAsync(service, "", acceptEncoding);

        Assert.Equal(encoding, scrape.Encoding);
        Assert.Equal(1, ExpositionParser.Classic(scrape.Text).Value("atomikd_route_healthy", "route=site"));
    }

    [Fact]
    public async Task It_is_there_to_be_read_only()
    {
        await using ServiceHarness service = await Scrape.Service().StartAsync();

        Assert.Equal(405, (await Scrape.OfAsync(service, method: "POST")).Status);
    }

    [Fact]
    public async Task It_says_so_where_telemetry_is_switched_off()
    {
        await using ServiceHarness service = Scrape.Service();
        service.Variables["OTEL_SDK_DISABLED"] = "true";
        await service.StartAsync();

        Scrape scrape = await Scrape.OfAsync(service);

        Assert.Equal(404, scrape.Status);
        Assert.Contains("OTEL_SDK_DISABLED", scrape.Text);
    }

    [Fact]
    public async Task Promtool_has_nothing_to_say_against_what_is_ours()
    {
        Assert.SkipWhen(Command.WhyNot("promtool") is { }, Command.WhyNot("promtool") ?? "");
        await using ServiceHarness service = await Scrape.Service().StartAsync();
        service.Stage("a", "1");
        File.WriteAllText(service.Staged("a.ready"), "");
        File.WriteAllText(service.Staged("missing.ready"), "");
        await Scrape.UntilAsync(service, metrics => metrics.Samples("atomikd_commits_total").Sum(sample => sample.Value) == 2);
        string file = Path.Combine(service.Root, "metrics");

        File.WriteAllText(file, (await Scrape.OfAsync(service)).Text);
        CommandResult checkedBy = Command.Shell("promtool check metrics < \"$1\" 2>&1 || true", file);

        Assert.DoesNotContain("atomikd_", checkedBy.Output);
        Assert.DoesNotContain("error while linting", checkedBy.Output);
    }
}
