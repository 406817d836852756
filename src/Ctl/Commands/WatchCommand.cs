using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;
using AtomikD.Ctl.Watching;

namespace AtomikD.Ctl.Commands;

internal sealed class WatchCommand : CtlCommand
{
    private readonly Argument<string?> _route = CommonOptions.OptionalRoute();
    private readonly Option<bool> _live = new("--live") { Description = "First one line for each name that is live. With CMD it always begins with what is live." };

    public WatchCommand()
        : base("watch", "Tells of every commit, rollback and removal as it happens, or runs a command for them: watch [ROUTE] -- CMD ARG...", """
              atomikctl watch                                   a line for each, until Ctrl-C
              atomikctl watch site -- systemctl reload app      for what is live now, then after each change

            CMD finds ATOMIKD_ROUTE, ATOMIKD_NAMES (the names that changed, a line each; none where nothing is
            live) and ATOMIKD_SEQUENCE in its environment. What happens while it runs is told to one next run.
            A run that fails is repeated, after 1 s, then ever later, up to a minute. A restart of the daemon
            does not end the watch, and nothing is missed.
            """)
    {
        Add(_route);
        Add(_live);
    }

    /// <summary>What stood behind --; null without it.</summary>
    public string[]? Program { get; set; }

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        string? route = arguments.GetValue(_route);
        if (Program is { Length: 0 })
            throw new UsageException("There is no command behind --.");
        try
        {
            if (Program is null)
            {
                await FollowAsync(session, route, arguments.GetValue(_live));
                return ExitCode.Ok;
            }
            using var watch = new CommandWatch(session, route, Program);
            await watch.RunAsync();
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (session.Signals.IsTerminated)
        {
            // To be stopped is how a watch ends.
            return ExitCode.Ok;
        }
    }

    private static async Task FollowAsync(Session session, string? route, bool initialLive)
    {
        string[] routes = route is null ? [] : [route];
        while (true)
        {
            try
            {
                await foreach (CommitEvent e in session.Asking().WatchAsync(new WatchOptions { Routes = routes, InitialLive = initialLive }, session.Ending))
                {
                    if (session.IsJson)
                        session.Out.WriteLine(Json.Line(json => Json.Event(json, e)));
                    else
                        session.Screen.Line($"{Words.Time(e.Version.CommittedAt)}  {e.Version.Route}/{e.Version.Name}  {(e.IsInitial ? "live" : Json.Word(e.Operation))} {e.Version.Number}  {e.Version.CommittedBy}");
                    session.Out.Flush();
                }
            }
            catch (WatchOutOfRangeException e)
            {
                session.Warn(new Failure("OUT_OF_RANGE", e.Message, ExitCode.Ok) { Hint = "Events were missed; what is live now follows." });
                initialLive = true;
            }
        }
    }
}
