using System.CommandLine;
using AtomikD.Commands;
using AtomikD.Journal;

namespace AtomikD.Demo;

/// <summary><c>atomikd demo</c>, and below it, hidden, the producer that it starts as a process of its own.</summary>
internal sealed class DemoCommand : Command
{
    public const string Word = "demo";
    public const string ProducerWord = "produce";

    private DemoCommand() : base(Word, "Shows the service at work in a temporary folder, while readers check every byte. Needs no root and no configuration.")
    {
    }

    public static DemoCommand Create()
    {
        Option<string> folder = new("--folder")
        {
            Description = "Where to make the temporary folder; the file system there is the one that is shown.",
            HelpName = "DIR",
            DefaultValueFactory = _ => Path.GetTempPath(),
        };
        Option<double> seconds = new("--seconds")
        {
            Description = "How long the producer works.",
            HelpName = "N",
            DefaultValueFactory = _ => 10,
        };
        Option<bool> json = new("--json") { Description = "Print the result as one line of JSON; progress goes to the error stream." };
        folder.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } path && !Directory.Exists(path))
                result.AddError($"--folder {path} is not a folder.");
        });
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 1 and <= 86_400))
                result.AddError("--seconds is 1 to 86400.");
        });
        var command = new DemoCommand { folder, seconds, json, ProducerCommand() };
        command.SetAction((result, token) =>
            RunAsync(new DemoRun(result.GetValue(folder)!, TimeSpan.FromSeconds(result.GetValue(seconds))), result.GetValue(json), token));
        return command;
    }

    private static Command ProducerCommand()
    {
        var staging = new Argument<string>("staging");
        var target = new Argument<string>("target");
        var command = new Command(ProducerWord, "The demo's producer.") { staging, target };
        command.Hidden = true;
        command.SetAction(result => new Producer(result.GetValue(staging)!, result.GetValue(target)!).Run());
        return command;
    }

    private static async Task<int> RunAsync(DemoRun run, bool asJson, CancellationToken cancellation)
    {
        DemoScreen screen = asJson ? new DemoScreen(Console.Error, IsTerminal(Console.IsErrorRedirected)) : new DemoScreen(Console.Out, IsTerminal(Console.IsOutputRedirected));
        using var signals = new EndingSignals(cancellation);
        try
        {
            DemoReport report = await run.RunAsync(screen, signals.Token);
            if (asJson)
                await Console.Out.WriteLineAsync(report.Json());
            else
                screen.Line("\n" + report.Text());
            return report.HasSucceeded ? ExitCode.Ok : report.IsInterrupted ? ExitCode.Interrupted : ExitCode.Failure;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JournalException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Failure;
        }
    }

    private static bool IsTerminal(bool isRedirected) => !isRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
