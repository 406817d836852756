using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

internal sealed class VersionsCommand : CtlCommand
{
    private static readonly Column[] s_columns =
    [
        new("NAME") { MayWrap = true },
        new("VERSION") { IsNumber = true },
        new("STATE") { IsState = true },
        new("KIND"),
        new("FILES") { IsNumber = true },
        new("SIZE") { IsNumber = true },
        new("COMMITTED"),
        new("BY") { MayWrap = true },
    ];

    private readonly Argument<string> _route = CommonOptions.Route();
    private readonly Argument<string?> _name = new(CommonOptions.NameWord) { Description = "Name in the target folder. Default: all.", Arity = ArgumentArity.ZeroOrOne };

    public VersionsCommand()
        : base("versions", "Lists what is live and what is kept for a rollback, newest first, and where it stands.", """
              atomikctl versions site               of all names
              atomikctl versions site app           what can app be rolled back to?
            """)
    {
        Add(_route);
        Add(_name);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        IAsyncEnumerable<CommittedVersion> versions = session.Asking().ListVersionsAsync(
            arguments.GetValue(_route)!, arguments.GetValue(_name), cancellationToken: session.Ending);
        if (session.IsJson)
            return await Listing.JsonAsync(session, versions, Json.Version);
        List<CommittedVersion> all = await versions.ToListAsync(session.Ending);
        if (all.Count == 0)
        {
            session.Screen.Line("There is no version.");
            return ExitCode.Ok;
        }
        session.Screen.Table(s_columns, all.Select(Row));
        CommittedVersion[] kept = [.. all.Where(version => version is { State: VersionState.Retained, Path.Length: > 0 })];
        if (kept.Length > 0)
            session.Screen.Line("");
        foreach (CommittedVersion version in kept)
            session.Screen.Line($"{version.Name} {version.Number}: {version.Path}");
        return ExitCode.Ok;
    }

    private static string[] Row(CommittedVersion version) =>
    [
        version.Name,
        Words.Number(version.Number),
        Json.Word(version.State),
        Json.Word(version.Kind),
        Words.Number(version.Files),
        Words.Bytes(version.Bytes),
        Words.Time(version.CommittedAt),
        version.CommittedBy,
    ];
}
