using System.CommandLine;

namespace AtomikD.Ctl.Commands;

/// <summary><c>completion bash</c>: what it prints asks atomikctl itself for what fits.</summary>
internal sealed class CompletionCommand : Command
{
    private const string Bash = """
        _atomikctl() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(atomikctl "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _atomikctl atomikctl
        """;

    public CompletionCommand()
        : base("completion", "Prints a script that completes the commands and options: eval \"$(atomikctl completion bash)\"")
    {
        var shell = new Argument<string>("SHELL") { Description = "bash" };
        shell.AcceptOnlyFromAmong("bash");
        Add(shell);
        SetAction(_ => Console.Out.WriteLine(Bash));
    }
}
