using AtomikD.Telemetry.Exposition;
using Microsoft.Net.Http.Headers;
using Xunit;

namespace AtomikD.Telemetry;

public sealed class ExpositionFormatTests
{
    [Theory]
    [InlineData("")]
    [InlineData("*/*")]
    [InlineData("text/plain")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")]
    [InlineData("application/openmetrics-text;version=0.0.1")]
    [InlineData("application/openmetrics-text;q=0")]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5")]
    [InlineData("application/openmetrics-text;q=0.3,text/*;q=0.4,*/*;q=0.1")]
    [InlineData("application/json")]
    public void The_classic_text_goes_to_who_prefers_it_or_says_nothing(string accept) =>
        Assert.Equal(ExpositionFormat.PrometheusText, Chosen(accept));

    [Theory]
    [InlineData("application/openmetrics-text")]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8")]
    [InlineData("application/openmetrics-text; version=\"1.0.0\"")]
    [InlineData("application/openmetrics-text;version=1.0.0,text/plain")]
    [InlineData("APPLICATION/OpenMetrics-Text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4")]
    [InlineData("application/openmetrics-text;q=0.3,text/plain;q=0.2,*/*;q=0.9")]
    // What Prometheus 2.42 and 3.0 send.
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2")]
    public void OpenMetrics_goes_to_who_names_it_and_prefers_nothing_else(string accept) =>
        Assert.Equal(ExpositionFormat.OpenMetrics, Chosen(accept));

    private static ExpositionFormat Chosen(string accept) =>
        ExpositionFormats.Choose(MediaTypeHeaderValue.TryParseList(accept.Length > 0 ? [accept] : [], out IList<MediaTypeHeaderValue>? ranges) ? ranges : []);
}
