using System.CommandLine;
using System.Text;
using AtomikD.Client;

namespace AtomikD.Ctl;

/// <summary>What more than one command takes.</summary>
internal static class CommonOptions
{
    public const string RouteWord = "ROUTE";
    public const string NameWord = "NAME";

    /// <summary>The kernel's limit for the path of a socket.</summary>
    private const int LongestSocketPath = 107;

    public static Option<string> Socket { get; } = NewSocket();

    public static Option<bool> Json { get; } = new("--json") { Description = "For scripts: JSON on the output, errors as JSON on the error stream.", Recursive = true };

    public static Option<TimeSpan?> TimeLimit { get; } = new("--timeout")
    {
        Description = "How long to wait, like 30s, 5min, 2h; for an upload, how long it may stand still. What was asked for goes on all the same. Default: 30s for what only looks, else no limit.",
        HelpName = "TIME",
        Recursive = true,
        CustomParser = result =>
        {
            if (Durations.TryParse(result.Tokens[0].Value, out TimeSpan duration) && duration > TimeSpan.Zero)
                return duration;
            result.AddError($"--timeout {result.Tokens[0].Value} is no time: 30s, 5min, 2h.");
            return null;
        },
    };

    public static Argument<string> Route() => Filled(new Argument<string>(RouteWord) { Description = "Name of the route." });

    public static Argument<string?> OptionalRoute() =>
        new(RouteWord) { Description = "Name of the route. Default: all that you may use.", Arity = ArgumentArity.ZeroOrOne };

    public static Argument<string> ItemName() => Filled(new Argument<string>(NameWord) { Description = "Name in the target folder." });

    public static Option<bool> Overwrite() => new("--overwrite") { Description = "Replace what stands there. Default: as the route says." };

    public static Option<long?> Expect() => AtLeast(0, new Option<long?>("--expect")
    {
        Description = "Only if version V is live now; 0: only if nothing is there. From 1 on it also asks to replace.",
        HelpName = "V",
    });

    public static Option<long?> AtLeast(long least, Option<long?> option)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out long value) && value < least)
                result.AddError($"{option.Name} is {least} or more.");
        });
        return option;
    }

    private static Argument<string> Filled(Argument<string> argument)
    {
        argument.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.Tokens[0].Value.Length == 0)
                result.AddError($"{argument.Name} is empty.");
        });
        return argument;
    }

    private static Option<string> NewSocket()
    {
        var socket = new Option<string>("--socket")
        {
            Description = "The daemon's socket.",
            HelpName = "PATH",
            Recursive = true,
            DefaultValueFactory = _ => new AtomikClientOptions().SocketPath,
        };
        socket.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { } path)
                return;
            if (path.Length == 0)
                result.AddError("--socket is empty.");
            else if (Encoding.UTF8.GetByteCount(path) > LongestSocketPath)
                result.AddError($"--socket {path} is longer than the {LongestSocketPath} bytes that the path of a socket may have.");
        });
        return socket;
    }
}
