using System.CommandLine;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

/// <summary><c>hold</c> and <c>release</c>.</summary>
internal sealed class HoldCommand : CtlCommand
{
    private readonly Argument<string> _route = CommonOptions.Route();
    private readonly Argument<string> _name = CommonOptions.ItemName();
    private readonly Option<string> _reason;
    private readonly bool _holds;

    private HoldCommand(bool holds, string word, string description, string reason, string examples)
        : base(word, description, examples)
    {
        _holds = holds;
        _reason = new Option<string>("--reason") { Description = reason, HelpName = "TEXT" };
        Add(_route);
        Add(_name);
        Add(_reason);
    }

    public static HoldCommand Hold() => new(true, "hold", "Refuses further commits of a name (HELD) until it is released. Rollback and remove remain possible.",
        "Told to whoever meets the hold.", """
              atomikctl hold site app --reason "freeze until Monday"
              atomikctl status                      what is held, and why
            """);

    public static HoldCommand Release() => new(false, "release", "Takes commits of a name again that was held.", "For the daemon's log.", """
              atomikctl release site app
            """);

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        string route = arguments.GetValue(_route)!;
        string name = arguments.GetValue(_name)!;
        string reason = arguments.GetValue(_reason) ?? "";
        if (_holds)
            await session.Changing().HoldAsync(route, name, reason, session.Ending);
        else
            await session.Changing().ReleaseAsync(route, name, reason, session.Ending);
        if (!session.IsJson)
            session.Screen.Line(_holds ? $"{route}/{name} is held. To take commits again: atomikctl release {route} {name}" : $"{route}/{name} takes commits again.");
        else
            session.Out.WriteLine(Json.Line(json =>
            {
                json.WriteString("route", route);
                json.WriteString("name", name);
                json.WriteBoolean("held", _holds);
                json.WriteString("reason", reason);
            }));
        return ExitCode.Ok;
    }
}
