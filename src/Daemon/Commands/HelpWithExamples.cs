using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using AtomikD.Demo;

namespace AtomikD.Commands;

/// <summary>The usual help, with examples and exit codes below it.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = usual.Invoke(parseResult);
        string? more = parseResult.CommandResult.Command switch
        {
            RootCommand => """
                Examples:
                  atomikd demo                          see it work, with nothing configured
                  atomikd check                         is the configuration right, and will the folders do?
                  atomikd --config ./atomikd.conf       run the service with another configuration

                Exit codes:
                  0 stopped in order   1 failed, worth a restart   64 wrong usage   78 the configuration is wrong
                """,
            CheckCommand => """
                Examples:
                  atomikd check                         before a restart or a reload
                  atomikd check --show                  every value, and the file and line that gave it
                  atomikd check --syntax site.conf      a fragment before it is copied into atomikd.conf.d

                Exit codes:
                  0 all is well (there may be warnings)   64 wrong usage   78 something is wrong
                """,
            BackupCommand => """
                The service makes the copy in its state folder, in small steps between commits, and needs as much room there as the journal
                has. A backup that is interrupted leaves nothing behind.

                Examples:
                  atomikd backup /var/backups/atomikd.db              of the service that the package runs
                  atomikd backup - | zstd >/srv/atomikd.db.zst        through a pipe
                  atomikd backup --config ./atomikd.conf copy.db      of a service that was started by hand

                Exit codes:
                  0 the copy is whole and on the disk   64 wrong usage   69 the service does not run   74 a disk is full, or failed
                  77 not permitted   78 the configuration names no state folder   130 interrupted
                """,
            DemoCommand => """
                Examples:
                  atomikd demo                          ten seconds in the system's temporary folder
                  atomikd demo --folder /srv            on the file system that will be used
                  atomikd demo --seconds 60 --json      longer, for a script

                Exit codes:
                  0 nothing was torn, missing or left over   1 something was   64 wrong usage   130 interrupted
                """,
            _ => null,
        };
        if (more is not null)
            parseResult.InvocationConfiguration.Output.WriteLine(more);
        return code;
    }
}
