using System.IO.Compression;
using AtomikD.Telemetry.Exposition;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace AtomikD.Telemetry;

/// <summary>Answers <c>/metrics</c>: collects for each request, in the format and the encoding that it asks for.</summary>
/// <param name="exporter">Null where metrics are switched off.</param>
internal sealed class MetricsEndpoint(ScrapeExporter? exporter)
{
    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        HttpResponse response = context.Response;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers.Allow = "GET, HEAD";
            return;
        }
        if (exporter is null)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            await response.WriteAsync("Metrics are switched off by OTEL_SDK_DISABLED.\n", context.RequestAborted);
            return;
        }
        RequestHeaders headers = request.GetTypedHeaders();
        ExpositionFormat format = ExpositionFormats.Choose(headers.Accept);
        bool isZipped = AcceptsGzip(headers.AcceptEncoding);
        response.Headers.Vary = "Accept, Accept-Encoding";
        response.Headers.CacheControl = "no-store";
        if (await exporter.ReadAsync(format, context.RequestAborted) is not { } text)
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        ReadOnlyMemory<byte> body = isZipped ? Zipped(text) : text;
        response.ContentType = format.ContentType();
        response.ContentLength = body.Length;
        if (isZipped)
            response.Headers.ContentEncoding = "gzip";
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static ReadOnlyMemory<byte> Zipped(ReadOnlyMemory<byte> text)
    {
        var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(text.Span);
        return zipped.GetBuffer().AsMemory(0, (int)zipped.Length);
    }

    /// <summary>By name, or by the star where the name is not there.</summary>
    private static bool AcceptsGzip(IList<StringWithQualityHeaderValue> accepted)
    {
        StringWithQualityHeaderValue? gzip = accepted.FirstOrDefault(encoding => encoding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase))
            ?? accepted.FirstOrDefault(encoding => encoding.Value == "*");
        return gzip is not null && gzip.Quality is not 0;
    }
}
