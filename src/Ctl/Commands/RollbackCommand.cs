using System.CommandLine;
using AtomikD.Client;

namespace AtomikD.Ctl.Commands;

internal sealed class RollbackCommand : CtlCommand
{
    private readonly Argument<string> _route = CommonOptions.Route();
    private readonly Argument<string> _name = CommonOptions.ItemName();
    private readonly Option<long?> _to = CommonOptions.AtLeast(1, new Option<long?>("--to")
    {
        Description = "Number of the version to bring back. Default: the newest kept one that no rollback has taken down, so twice goes further back.",
        HelpName = "V",
    });
    private readonly Option<string> _hold = new("--hold")
    {
        Description = "Refuse further commits of the name until it is released; whoever meets the hold is told REASON.",
        HelpName = "REASON",
    };

    public RollbackCommand()
        : base("rollback", "Makes a kept version live again, under a new number.", """
              atomikctl rollback site app                               the version before
              atomikctl rollback site app --hold "broken login"         and no commits until it is released
              atomikctl rollback site app --to 41                       this one: see atomikctl versions site app
            """)
    {
        Add(_route);
        Add(_name);
        Add(_to);
        Add(_hold);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        string route = arguments.GetValue(_route)!;
        string name = arguments.GetValue(_name)!;
        string? hold = arguments.GetValue(_hold);
        var options = new RollbackOptions { To = arguments.GetValue(_to) ?? 0, Hold = hold is not null, Reason = hold };
        CommittedVersion version = await session.WaitAsync($"Rolling back {name}", () => session.Changing().RollbackAsync(route, name, options, session.Ending));
        return Told.Live(session, version, hold is null ? null : $"Held until: atomikctl release {route} {name}");
    }
}
