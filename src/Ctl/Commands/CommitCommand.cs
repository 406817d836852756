using System.CommandLine;
using AtomikD.Client;

namespace AtomikD.Ctl.Commands;

internal sealed class CommitCommand : CtlCommand
{
    private readonly Argument<string> _route = CommonOptions.Route();
    private readonly Argument<string> _source = new("SOURCE") { Description = "Name of the item in the route's staging folder." };
    private readonly Option<string> _name = new("--name") { Description = "Name in the target folder. Default: SOURCE.", HelpName = "N" };
    private readonly Option<bool> _overwrite = CommonOptions.Overwrite();
    private readonly Option<long?> _expect = CommonOptions.Expect();

    public CommitCommand()
        : base("commit", "Puts an item of the staging folder live, and waits until it is. It must be finished; no marker is needed.", """
              atomikctl commit site build                       staging/build becomes live/build
              atomikctl commit site build-42 --name app         under another name
              atomikctl commit site build --expect 41           only if nobody was faster
            """)
    {
        Add(_route);
        Add(_source);
        Add(_name);
        Add(_overwrite);
        Add(_expect);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        string route = arguments.GetValue(_route)!;
        string source = arguments.GetValue(_source)!;
        var options = new CommitOptions { Overwrite = arguments.GetValue(_overwrite) ? true : null, ExpectedVersion = arguments.GetValue(_expect) };
        if (source.Length == 0)
            throw new UsageException("SOURCE is empty.");
        CommittedVersion version = await session.WaitAsync($"Committing {source}",
            () => session.Changing().CommitAsync(route, source, arguments.GetValue(_name), options, session.Ending));
        return Told.Live(session, version);
    }
}
