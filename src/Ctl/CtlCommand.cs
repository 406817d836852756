using System.CommandLine;

namespace AtomikD.Ctl;

/// <summary>A command that talks to the daemon.</summary>
internal abstract class CtlCommand : Command
{
    protected CtlCommand(string name, string description, string examples)
        : base(name, description)
    {
        Examples = examples;
        SetAction(RunAsync);
    }

    /// <summary>What stands below the usual help.</summary>
    public string Examples { get; }

    protected abstract Task<int> RunAsync(ParseResult arguments, Session session);

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var signals = new EndingSignals();
        await using var session = new Session(arguments, signals);
        return await session.RunAsync(RunAsync);
    }
}
