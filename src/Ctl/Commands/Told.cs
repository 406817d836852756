using AtomikD.Client;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

/// <summary>The answer of a command that put a version live.</summary>
internal static class Told
{
    public static int Live(Session session, CommittedVersion version, string? more = null)
    {
        if (session.IsJson)
        {
            session.Out.WriteLine(Json.Line(json => Json.Version(json, version)));
            return ExitCode.Ok;
        }
        string replaced = version.Replaced == 0 ? "" : $" in place of {version.Replaced}";
        session.Screen.Line($"{version.Route}/{version.Name} is version {version.Number}{replaced}: {Words.Count(version.Files, "file")}, {Words.Bytes(version.Bytes)}."
            + (version.Durable ? "" : " Not durable, as the route has it.") + (more is null ? "" : $" {more}"));
        session.Screen.Line(version.Path);
        return ExitCode.Ok;
    }
}
