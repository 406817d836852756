using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace AtomikD.Ctl;

/// <summary>The usual help, with examples below it.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    private const string OfAll = """
        Examples:
          atomikctl status                              how is it, and what is held?
          atomikctl commit site build --name app        put an item of the staging folder live
          atomikctl rollback site app --hold "bad"      the version before, and no commits until released
          atomikctl history --failed --since 2h         what was refused, and why

        Exit codes:
          0 done   64 wrong usage   65 the item cannot be published   66 not found   69 no daemon
          73 what stands there is in the way   74 I/O error   75 try again later   77 not permitted
          130 interrupted
        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = usual.Invoke(parseResult);
        string? more = parseResult.CommandResult.Command switch
        {
            RootCommand => OfAll,
            CtlCommand command => $"Examples:\n{command.Examples}",
            _ => null,
        };
        if (more is not null)
            parseResult.InvocationConfiguration.Output.WriteLine(more);
        return code;
    }
}
