using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

internal sealed class PruneCommand : CtlCommand
{
    private readonly Argument<string?> _route = CommonOptions.OptionalRoute();

    public PruneCommand()
        : base("prune", "Deletes now what Keep and KeepFor allow to be deleted, to free space. What is live or held by a reader stays.", """
              atomikctl prune                       of all routes that you may use
              atomikctl prune site
            """) => Add(_route);

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        string? route = arguments.GetValue(_route);
        PruneResult pruned = await session.WaitAsync("Pruning", () => session.Changing().PruneAsync(route, session.Ending));
        if (!session.IsJson)
            session.Screen.Line($"{Words.Count(pruned.DeletedVersions, "version")} deleted, {Words.Bytes(pruned.ReclaimedBytes)}.");
        else
            session.Out.WriteLine(Json.Line(json =>
            {
                json.WriteString("route", route);
                json.WriteNumber("deletedVersions", pruned.DeletedVersions);
                json.WriteNumber("reclaimedBytes", pruned.ReclaimedBytes);
            }));
        return ExitCode.Ok;
    }
}
