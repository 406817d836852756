using System.IO.Compression;
using System.Text;
using AtomikD.Configuration;
using AtomikD.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AtomikD.Telemetry;

/// <summary>One request for metrics, answered.</summary>
internal sealed record Scrape(int Status, string ContentType, string Encoding, string Text)
{
    public const string OpenMetrics = "application/openmetrics-text; version=1.0.0";

    public static Task<Scrape> OfAsync(ServiceHarness service, string accept = "", string acceptEncoding = "", string method = "GET") =>
        OfAsync(service.Services.GetRequiredService<MetricsEndpoint>(), accept, acceptEncoding, method);

    public static async Task<Scrape> OfAsync(MetricsEndpoint endpoint, string accept = "", string acceptEncoding = "", string method = "GET")
    {
        var context = new DefaultHttpContext { Request = { Method = method } };
        using var body = new MemoryStream();
        context.Response.Body = body;
        context.Request.Headers.Accept = accept;
        context.Request.Headers.AcceptEncoding = acceptEncoding;
        await endpoint.InvokeAsync(context);
        body.Position = 0;
        string encoding = context.Response.Headers.ContentEncoding.ToString();
        await using Stream plain = encoding == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : body;
        using var reader = new StreamReader(plain, new UTF8Encoding(false, true));
        return new Scrape(context.Response.StatusCode, context.Response.ContentType ?? "", encoding, await reader.ReadToEndAsync());
    }

    /// <summary>All metrics of the service now.</summary>
    public static async Task<ScrapedMetrics> ReadAsync(ServiceHarness service) => ExpositionParser.Classic((await OfAsync(service)).Text);

    /// <summary>The metrics once they say so.</summary>
    public static async Task<ScrapedMetrics> UntilAsync(ServiceHarness service, Func<ScrapedMetrics, bool> isSo)
    {
        ScrapedMetrics metrics = await ReadAsync(service);
        bool isNow = await Task.Run(() => Eventually.Becomes(() => isSo(metrics) || isSo(metrics = ReadAsync(service).GetAwaiter().GetResult()), TimeSpan.FromSeconds(30)));
        Assert.True(isNow, $"the metrics do not come to say so:\n{(await OfAsync(service)).Text}\n{string.Join('\n', service.Log.Records)}");
        return metrics;
    }

    /// <summary>A service whose metrics are asked for.</summary>
    public static ServiceHarness Service(Func<RouteSettings, RouteSettings>? configure = null)
    {
        var service = new ServiceHarness(configure);
        service.Settings = service.Settings with { Daemon = service.Settings.Daemon with { Admin = "127.0.0.1:0" } };
        return service;
    }
}
