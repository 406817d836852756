using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

internal sealed class RemoveCommand : CtlCommand
{
    private readonly Argument<string> _route = CommonOptions.Route();
    private readonly Argument<string> _name = CommonOptions.ItemName();

    public RemoveCommand()
        : base("remove", "Takes a name down in one step. What was live is kept for a rollback, like any version that was replaced.", """
              atomikctl remove site app
              atomikctl rollback site app           it is back
            """)
    {
        Add(_route);
        Add(_name);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        string route = arguments.GetValue(_route)!;
        string name = arguments.GetValue(_name)!;
        CommittedVersion version = await session.WaitAsync($"Removing {name}", () => session.Changing().RemoveAsync(route, name, null, session.Ending));
        if (session.IsJson)
            session.Out.WriteLine(Json.Line(json =>
            {
                json.WriteString("route", version.Route);
                json.WriteString("name", version.Name);
                json.WriteNumber("version", version.Number);
                json.WriteString("at", Words.Iso(version.CommittedAt));
                json.WriteString("by", version.CommittedBy);
            }));
        else
            session.Screen.Line($"{route}/{name} was taken down; it was version {version.Number}. To bring it back: {CommandLine.Name} rollback {route} {name}");
        return ExitCode.Ok;
    }
}
