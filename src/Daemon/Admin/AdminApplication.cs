using System.Net;
using AtomikD.Engine;
using AtomikD.Telemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AtomikD.Admin;

/// <summary>Every request to the admin address: checked, then answered by the page of its path.</summary>
internal sealed class AdminApplication : IHttpApplication<HttpContext>
{
    private readonly Dictionary<string, RequestDelegate> _pages;
    private readonly AdminHosts _hosts;
    private readonly ILogger _logger;
    private int _hasToldOfHost;

    public AdminApplication(ServiceSettings settings, HealthPages health, StatusPage status, MetricsEndpoint metrics, ILogger<AdminApplication> logger)
    {
        _logger = logger;
        _hosts = AdminHosts.Of(settings.Initial.Daemon.Admin);
        _pages = new Dictionary<string, RequestDelegate>(StringComparer.Ordinal)
        {
            ["/"] = status.AnswerAsync,
            ["/favicon.svg"] = StatusPage.AnswerIconAsync,
            ["/healthz"] = health.AnswerAliveAsync,
            ["/readyz"] = health.AnswerReadyAsync,
            ["/metrics"] = metrics.InvokeAsync,
        };
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        SafeHeaders.Set(context.Response);
        try
        {
            await AnswerAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked has gone.
        }
        catch (Exception e)
        {
            Log.Failed(_logger, context.Request.Path, e);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await PlainText.AnswerAsync(context, HttpStatusCode.InternalServerError, "This cannot be told at the moment; the service's log says why.\n");
        }
    }

    private Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (!_hosts.Has(request.Host.Host))
        {
            if (Interlocked.Exchange(ref _hasToldOfHost, 1) == 0)
                Log.OtherHost(_logger, Linux.Name.Escape(System.Text.Encoding.UTF8.GetBytes(request.Host.Host)));
            return PlainText.AnswerAsync(context, HttpStatusCode.MisdirectedRequest, "Ask for this page by the machine's address, or by its own name.\n");
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return PlainText.AnswerAsync(context, HttpStatusCode.MethodNotAllowed, "This is to be read only.\n");
        }
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            context.Response.Headers.Connection = "close";
            return PlainText.AnswerAsync(context, HttpStatusCode.RequestEntityTooLarge, "Ask without a body.\n");
        }
        return _pages.TryGetValue(request.Path.Value ?? "", out RequestDelegate? page)
            ? page(context)
            : PlainText.AnswerAsync(context, HttpStatusCode.NotFound, "There is no such page. There are /, /healthz, /readyz and /metrics.\n");
    }
}
