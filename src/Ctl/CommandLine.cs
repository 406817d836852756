using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using AtomikD.Ctl.Commands;

namespace AtomikD.Ctl;

/// <summary>The command line of <c>atomikctl</c>.</summary>
internal static class CommandLine
{
    public const string Name = "atomikctl";

    public static async Task<int> RunAsync(string[] args)
    {
        var watch = new WatchCommand();
        RootCommand root = Create(watch);
        ParseResult result = Parse(root, watch, args);
        // Help, version and completion answer whatever else is on the line.
        if (result.Errors.Count > 0 && result.Action is null or ParseErrorAction)
            return TellUsage(root, result, args);
        // The signals are the session's own.
        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static RootCommand Create(WatchCommand watch)
    {
        var root = new RootCommand("Asks the AtomikD service: what is live, what was refused; and tells it to publish, roll back, hold, remove.")
        {
            new StatusCommand(),
            new CommitCommand(),
            new UploadCommand(),
            new VersionsCommand(),
            new HistoryCommand(),
            new RollbackCommand(),
            HoldCommand.Hold(),
            HoldCommand.Release(),
            new RemoveCommand(),
            new PruneCommand(),
            watch,
            new CompletionCommand(),
        };
        root.Add(CommonOptions.Socket);
        root.Add(CommonOptions.Json);
        root.Add(CommonOptions.TimeLimit);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>What follows -- is a watch's command, and would else be taken for its route.</summary>
    private static ParseResult Parse(RootCommand root, WatchCommand watch, string[] args)
    {
        int dashes = Array.IndexOf(args, "--");
        if (dashes < 0)
            return root.Parse(args);
        ParseResult before = root.Parse(args[..dashes]);
        if (before.CommandResult.Command != watch)
            return root.Parse(args);
        watch.Program = args[(dashes + 1)..];
        return before;
    }

    private static int TellUsage(RootCommand root, ParseResult result, string[] args)
    {
        Command command = result.CommandResult.Command;
        string see = $"See: {Name}{(command == root ? "" : $" {command.Name}")} --help";
        if (args.TakeWhile(arg => arg != "--").Contains("--json"))
        {
            string all = string.Join(' ', result.Errors.Select(error => error.Message));
            Session.Tell(new Failure("USAGE", all, ExitCode.Usage) { Hint = see }, asJson: true);
            return ExitCode.Usage;
        }
        foreach (string error in result.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
            Console.Error.WriteLine($"{Name}: {Output.Words.Safe(error)}");
        Console.Error.WriteLine(see);
        return ExitCode.Usage;
    }
}
