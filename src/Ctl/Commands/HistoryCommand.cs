using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

internal sealed class HistoryCommand : CtlCommand
{
    private static readonly Column[] s_columns =
    [
        new("TIME"),
        new("ROUTE") { MayWrap = true },
        new("NAME") { MayWrap = true },
        new("WHAT"),
        new("VERSION") { IsNumber = true },
        new("BY") { MayWrap = true },
    ];

    private static readonly Column[] s_failureColumns =
    [
        new("TIME"),
        new("ROUTE") { MayWrap = true },
        new("NAME") { MayWrap = true },
        new("REASON"),
        new("MESSAGE") { MayWrap = true },
    ];

    private readonly Argument<string?> _route = CommonOptions.OptionalRoute();
    private readonly Option<bool> _failed = new("--failed") { Description = "Only what was refused, and why." };
    private readonly Option<DateTimeOffset?> _since = new("--since")
    {
        Description = "Only what happened since: 30min, 2h, 3d ago, or a time like 2026-11-22, 2026-11-22T03:00, 2026-11-22T03:00Z.",
        HelpName = "T",
        CustomParser = result =>
        {
            if (Durations.TryParseMoment(result.Tokens[0].Value, TimeProvider.System.GetUtcNow(), out DateTimeOffset moment))
                return moment;
            result.AddError($"--since {result.Tokens[0].Value} is no time: 2h, 3d, or 2026-11-22T03:00Z.");
            return null;
        },
    };

    public HistoryCommand()
        : base("history", "Lists what was committed, rolled back, removed and refused, newest first.", """
              atomikctl history site                            of one route
              atomikctl history --failed --since 2h             what went wrong in the last two hours
              atomikctl history --since 2026-11-22T03:00Z --json
            """)
    {
        Add(_route);
        Add(_failed);
        Add(_since);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        bool failed = arguments.GetValue(_failed);
        IAsyncEnumerable<HistoryEntry> history = session.Asking().ListHistoryAsync(new HistoryQuery
        {
            Route = arguments.GetValue(_route),
            Filter = failed ? HistoryFilter.Failures : HistoryFilter.All,
            Since = arguments.GetValue(_since),
        }, session.Ending);
        if (session.IsJson)
            return await Listing.JsonAsync(session, history, Json.Entry);
        List<HistoryEntry> all = await history.ToListAsync(session.Ending);
        if (all.Count == 0)
            session.Screen.Line("Nothing of that kind is in the history.");
        else if (failed)
            session.Screen.Table(s_failureColumns, all.Select(FailureRow));
        else
            session.Screen.Table(s_columns, all.Select(Row));
        return ExitCode.Ok;
    }

    private static string[] Row(HistoryEntry entry) =>
    [
        Words.Time(entry.At),
        entry.Route,
        entry.Name,
        entry.Failure is { } failure ? Failure.Word(failure.Reason) : Json.Word(entry.Operation),
        entry.Version is { } version ? Words.Number(version.Number) : "",
        entry.RequestedBy,
    ];

    private static string[] FailureRow(HistoryEntry entry) =>
        [Words.Time(entry.At), entry.Route, entry.Name, Failure.Word(entry.Failure?.Reason ?? AtomikReason.Unknown), entry.Failure?.Message ?? ""];
}
