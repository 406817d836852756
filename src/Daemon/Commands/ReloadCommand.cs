using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using AtomikD.Systemd;

namespace AtomikD.Commands;

/// <summary>
/// <c>atomikd reload</c>: asks the running service to read its configuration again and says what came of it. The unit's ExecReload=,
/// so that `systemctl reload` fails where the configuration is refused.
/// </summary>
internal static class ReloadCommand
{
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;

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
            return Tell(await AskAsync(process, cancellation));
        }
        catch (SocketException e)
        {
            Journald.Error($"Process {process} cannot be asked: {e.Message}. Does the service run, under systemd, and is this its user or root?");
            return ExitCode.Failure;
        }
    }

    private static async Task<string> AskAsync(int process, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(ReloadDoor.AddressOf(process), cancellation);
        // Anybody can take a name of this kind; the kernel knows who did.
        if (OwnerOf(socket) != process)
            throw new SocketException((int)SocketError.AccessDenied);
        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellation);
    }

    private static int OwnerOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12]; // struct ucred: pid, uid, gid
        socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        return MemoryMarshal.Read<int>(credentials);
    }

    private static int Tell(string answer)
    {
        string text = answer.TrimEnd('\n');
        int last = text.LastIndexOf('\n') + 1;
        string errors = text[..last].TrimEnd('\n');
        switch (text[last..])
        {
            case ReloadDoor.Applied:
                return ExitCode.Ok;
            case ReloadDoor.Refused:
                Journald.Error($"The new configuration is not applied, the last good one stays:\n{errors}");
                return ExitCode.Configuration;
            default:
                Journald.Error("The service ended before it answered.");
                return ExitCode.Failure;
        }
    }
}
