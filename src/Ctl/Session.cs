using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;
using Spectre.Console;

namespace AtomikD.Ctl;

/// <summary>One run of one command: its connection, its output, its signals.</summary>
internal sealed class Session(ParseResult arguments, EndingSignals signals) : IAsyncDisposable
{
    private AtomikClient? _client;

    public bool IsJson { get; } = arguments.GetValue(CommonOptions.Json);

    public Screen Screen { get; } = new();

    public CancellationToken Ending => signals.Token;

    public EndingSignals Signals => signals;

    public TextWriter Out => Screen.Out;

    /// <summary>For what only looks: an answer soon, or none.</summary>
    public AtomikClient Asking() => Connect(TimeSpan.FromSeconds(30), TimeSpan.Zero);

    /// <summary>For what changes something: a restart of the daemon goes unnoticed, and an item may be large.</summary>
    public AtomikClient Changing() => Connect(Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(5));

    /// <summary>Waits with a spinner, on a terminal.</summary>
    public async Task<T> WaitAsync<T>(string what, Func<Task<T>> work)
    {
        if (IsJson || !Screen.HasProgress)
            return await work();
        return await Screen.NewProgressConsole().Status().StartAsync(Markup.Escape(Words.Safe(what)), _ => work());
    }

    /// <summary>Runs the command to an exit code; what goes wrong is told.</summary>
    public async Task<int> RunAsync(Func<ParseResult, Session, Task<int>> command)
    {
        try
        {
            int code = await command(arguments, this);
            await Out.FlushAsync(CancellationToken.None);
            return code;
        }
        catch (BrokenPipeException)
        {
            return ExitCode.BrokenPipe;
        }
        catch (OperationCanceledException) when (Ending.IsCancellationRequested)
        {
            return signals.ExitCode;
        }
        catch (Exception e) when (Failure.Of(e) is { } failure)
        {
            Tell(failure with
            {
                Route = failure.Route ?? Given(CommonOptions.RouteWord),
                Name = failure.Name ?? Given(CommonOptions.NameWord),
            });
            return failure.ExitCode;
        }
    }

    /// <summary>Of something that the command lives through.</summary>
    public void Warn(Failure failure) => Tell(failure, IsJson);

    public static void Tell(Failure failure, bool asJson)
    {
        if (asJson)
        {
            Console.Error.WriteLine(Json.Line(json => Json.Error(json, failure)));
            return;
        }
        Console.Error.WriteLine($"{CommandLine.Name}: {failure.Reason}: {Words.Safe(failure.Message)}");
        if (failure.Hint.Length > 0)
            Console.Error.WriteLine(Words.Safe(failure.Hint));
        if (failure.Item is { } item)
            Console.Error.WriteLine($"The item is at {Words.Safe(item)}");
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Tell(Failure failure)
    {
        try
        {
            Out.Flush();
        }
        catch (IOException)
        {
            // The failure that is told is the one that came first.
        }
        Tell(failure, IsJson);
    }

    private string? Given(string argument) =>
        arguments.CommandResult.Command.Arguments.FirstOrDefault(known => known.Name == argument) is Argument<string> found ? arguments.GetValue(found) : null;

    private AtomikClient Connect(TimeSpan usualTimeout, TimeSpan connectTimeout) => _client ??= new AtomikClient(new AtomikClientOptions
    {
        SocketPath = arguments.GetValue(CommonOptions.Socket)!,
        Timeout = arguments.GetValue(CommonOptions.TimeLimit) ?? usualTimeout,
        ConnectTimeout = connectTimeout,
    });
}
