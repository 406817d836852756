using System.CommandLine;
using System.CommandLine.Parsing;

namespace AtomikD.Commands;

/// <summary>Parses and runs a command line.</summary>
internal static class CommandRunner
{
    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        ParseResult result = root.Parse(args);
        // Help and version answer whatever else is on the line.
        if (result.Errors.Count > 0 && result.Action is null or System.CommandLine.Invocation.ParseErrorAction)
        {
            foreach (ParseError error in result.Errors)
                Console.Error.WriteLine($"{root.Name}: {error.Message}");
            Command command = result.CommandResult.Command;
            Console.Error.WriteLine($"See: {root.Name}{(command == root ? "" : $" {command.Name}")} --help");
            return ExitCode.Usage;
        }
        // A signal cancels the token, and the command ends in its own time: what it has begun, it finishes or puts back.
        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan }).ConfigureAwait(false);
    }
}
