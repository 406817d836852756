using System.Diagnostics;

namespace AtomikD.Client;

/// <summary>The library's traces.</summary>
public static class AtomikTelemetry
{
    /// <summary>
    /// Name of the activity source: <c>tracing.AddSource(AtomikTelemetry.SourceName)</c>. One client span per call, retries included;
    /// the daemon's own trace joins it.
    /// </summary>
    public const string SourceName = "AtomikD.Client";

    internal static ActivitySource Source { get; } = new(SourceName, typeof(AtomikTelemetry).Assembly.GetName().Version?.ToString(3));

    /// <summary>As W3C spells it; null where no activity is current.</summary>
    internal static string? Traceparent => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;

    internal static void Fail(this Activity? activity, Exception e)
    {
        if (activity is null)
            return;
        activity.SetStatus(ActivityStatusCode.Error, e.Message);
        activity.SetTag("error.type", e is AtomikException { Reason: not AtomikReason.Unknown } refused ? refused.Reason.ToString() : e.GetType().FullName);
    }
}
