using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

public sealed class CompletionTests(BuiltPackage package)
{
    [Fact]
    public void The_file_for_atomikctl_is_what_it_prints_itself()
    {
        BuiltPackage.NeedTools();

        string file = new Document("deploy/completions/atomikctl").Text;

        Assert.Equal(Command.Run(package.Ctl, "completion", "bash").Check(), file[(file.IndexOf('\n', StringComparison.Ordinal) + 1)..].Trim());
    }

    [Theory]
    [InlineData("atomikd", "che", "check")]
    [InlineData("atomikd", "back", "backup")]
    [InlineData("atomikd", "demo --fo", "--folder")]
    [InlineData("atomikctl", "vers", "versions")]
    [InlineData("atomikctl", "rollback site app --ho", "--hold")]
    public void Bash_completes(string program, string typed, string expected)
    {
        BuiltPackage.NeedTools("bash");

        // As bash calls it, once the file is loaded.
        string completed = Command.Run("bash", "-euc", """
            PATH=$1:$PATH
            . "$1/../share/bash-completion/completions/$2"
            COMP_LINE="$2 $3" COMP_POINT=${#COMP_LINE}
            read -ra COMP_WORDS <<<"$COMP_LINE"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            "_$2"
            printf '%s\n' "${COMPREPLY[@]}"
            """, "bash", Path.Combine(package.Root, "usr/bin"), program, typed).Check();

        Assert.Contains(expected, completed.Split('\n'));
    }
}
