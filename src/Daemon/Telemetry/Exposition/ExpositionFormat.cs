using Microsoft.Net.Http.Headers;

namespace AtomikD.Telemetry.Exposition;

/// <summary>The two text formats that Prometheus reads.</summary>
internal enum ExpositionFormat
{
    /// <summary>The classic one, 0.0.4.</summary>
    PrometheusText,

    /// <summary>OpenMetrics 1.0.0.</summary>
    OpenMetrics,
}

/// <summary>Which format a request is answered in.</summary>
internal static class ExpositionFormats
{
    private const string OpenMetrics = "application/openmetrics-text";

    public static string ContentType(this ExpositionFormat format) => format == ExpositionFormat.OpenMetrics
        ? $"{OpenMetrics}; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>
    /// OpenMetrics goes to who names it, and likes it no less than the classic text. Everybody else gets the classic text, also who
    /// accepts neither: a scraper that asks for something odd is served better by that than by an error.
    /// </summary>
    public static ExpositionFormat Choose(IEnumerable<MediaTypeHeaderValue> accepted)
    {
        double open = 0;
        double text = 0;
        int textRank = -1;
        foreach (MediaTypeHeaderValue range in accepted)
        {
            double quality = range.Quality ?? 1;
            string version = range.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.Value.Value?.Trim('"') ?? "";
            if (range.MediaType.Equals(OpenMetrics, StringComparison.OrdinalIgnoreCase))
            {
                if (version is "" or "1.0.0")
                    open = Math.Max(open, quality);
                continue;
            }
            // Of the ranges that match, the most specific counts.
            int rank = range.MediaType.Value?.ToLowerInvariant() switch
            {
                "text/plain" when version == "0.0.4" => 3,
                "text/plain" when version == "" => 2,
                "text/*" => 1,
                "*/*" => 0,
                _ => -1,
            };
            if (rank < 0 || rank < textRank)
                continue;
            text = rank == textRank ? Math.Max(text, quality) : quality;
            textRank = rank;
        }
        return open > 0 && open >= text ? ExpositionFormat.OpenMetrics : ExpositionFormat.PrometheusText;
    }
}
