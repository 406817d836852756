using System.Net;
using System.Text;
using AtomikD.Engine;
using AtomikD.Routes;
using Microsoft.AspNetCore.Http;

namespace AtomikD.Admin;

/// <summary>For supervisors and load balancers: the status code says it, the text says why.</summary>
internal sealed class HealthPages(EngineService service)
{
    /// <summary>200 while everything runs that only a restart would bring back.</summary>
    public Task AnswerAliveAsync(HttpContext context)
    {
        string[] faults = [.. (service.Engine?.Lanes ?? []).Select(lane => lane.Fault).OfType<string>().Distinct()];
        return faults.Length == 0
            ? PlainText.AnswerAsync(context, HttpStatusCode.OK, "ok\n")
            : PlainText.AnswerAsync(context, HttpStatusCode.ServiceUnavailable, string.Concat(faults.Select(fault => $"commits have stopped: {OneLine(fault)}\n")));
    }

    /// <summary>200 while every route takes commits, else a line for each that does not.</summary>
    public Task AnswerReadyAsync(HttpContext context)
    {
        if (service.Engine is not { } engine)
            return PlainText.AnswerAsync(context, HttpStatusCode.ServiceUnavailable, "not started yet\n");
        var lines = new StringBuilder();
        foreach (Route route in engine.Routes.OrderBy(route => route.Name, StringComparer.Ordinal))
        {
            if ((engine.Settings.Daemon.AdminNames ? route.Trouble : route.TroubleWithoutNames) is { } trouble)
                lines.Append(route.Name).Append(": ").Append(OneLine(trouble)).Append('\n');
        }
        return lines.Length == 0
            ? PlainText.AnswerAsync(context, HttpStatusCode.OK, "ok\n")
            : PlainText.AnswerAsync(context, HttpStatusCode.ServiceUnavailable, lines.ToString());
    }

    private static string OneLine(string text) => Linux.Name.Escape(Encoding.UTF8.GetBytes(text));
}
