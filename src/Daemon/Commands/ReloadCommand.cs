using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using AtomikD.Systemd;

namespace AtomikD.Commands;

/// <summary>
/// <c>atomikd reload</c>: asks the running service to read its configuration again and says what came of it. The unit's ExecReload=,
/// so that `systemctl reload` fails where the configuration is refused.
/// </summary>
internal static class ReloadCommand
{
    public static Command Create()
    {
        Option<int?> pid = new("--pid") { Description = "The service's process; $MAINPID where systemd runs this.", HelpName = "PID" };
        var command = new Command("reload", "Has the running service read its configuration again, and tells whether it was applied. For systemd; you want: systemctl reload atomikd") { pid };
        command.SetAction((result, token) => RunAsync(result.GetValue(pid) ?? MainProcess(), token));
        return command;
    }

    private static int? MainProcess() =>
        int.TryParse(Environment.GetEnvironmentVariable("MAINPID"), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) ? pid : null;

    private static async Task<int> RunAsync(int? pid, CancellationToken cancellation)
    {
        if (pid is not { } process)
        {
            Journald.Error("Which process? Run: systemctl reload atomikd");
            return ExitCode.Usage;
        }
        try
        {
            using NetworkStream answer = await DoorCall.AskAsync(process, ReloadService.Asked, cancellation);
            using var reader = new StreamReader(answer);
            return Tell(await reader.ReadToEndAsync(cancellation));
        }
        catch (CommandFailure e)
        {
            Journald.Error(e.Message);
            return ExitCode.Failure;
        }
    }

    private static int Tell(string answer)
    {
        string text = answer.TrimEnd('\n');
        int last = text.LastIndexOf('\n') + 1;
        string errors = text[..last].TrimEnd('\n');
        switch (text[last..])
        {
            case ReloadService.Applied:
                return ExitCode.Ok;
            case ReloadService.Refused:
                Journald.Error($"The new configuration is not applied, the last good one stays:\n{errors}");
                return ExitCode.Configuration;
            default:
                Journald.Error("The service ended before it answered.");
                return ExitCode.Failure;
        }
    }
}
