using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using AtomikD.Systemd;

namespace AtomikD.Commands;

/// <summary><c>atomikd backup FILE</c>: a copy of the journal of the running service, which commits meanwhile.</summary>
internal sealed class BackupCommand : Command
{
    private const string Output = "-";
    private const int LongestLine = 4096;

    private BackupCommand() : base("backup", "Copies the journal of the running service into FILE, a whole SQLite database, while commits go on. For root and the service's own user.")
    {
    }

    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "Where the copy goes; a file that is there is replaced once the copy is whole. - is the standard output." };
        Option<string> config = RootCommandFactory.ConfigOption();
        config.Description = "The service's configuration: its state folder tells which process it is.";
        Option<int?> pid = new("--pid") { Description = "The service's process, instead.", HelpName = "PID" };
        var command = new BackupCommand { file, config, pid };
        command.SetAction((result, token) => RunAsync(result.GetValue(file)!, () => result.GetValue(pid) ?? ServiceProcess.Of(result.GetValue(config)!), token));
        return command;
    }

    private static async Task<int> RunAsync(string path, Func<int> process, CancellationToken token)
    {
        using var signals = new EndingSignals(token);
        CancellationToken cancellation = signals.Token;
        try
        {
            if (path != Output)
                BackupFile.Check(path);
            else if (!Console.IsOutputRedirected)
                throw new CommandFailure(ExitCode.Usage, "A database is nothing for a terminal. Name a file, or send the output somewhere.");
            using NetworkStream answer = await DoorCall.AskAsync(process(), BackupService.Asked, cancellation);
            long length = await ReadLengthAsync(answer, cancellation);
            if (path == Output)
                await TakeAsync(answer, length, Console.OpenStandardOutput().Write, cancellation);
            else
                await WriteAsync(answer, length, path, cancellation);
            return ExitCode.Ok;
        }
        catch (CommandFailure e)
        {
            Journald.Error(e.Message);
            return e.Code;
        }
        catch (IOException e)
        {
            Journald.Error(e is EndOfStreamException || e.InnerException is SocketException
                ? "The service ended before the copy was whole; no backup was made."
                : $"The copy cannot be written: {e.Message}");
            return ExitCode.InputOutput;
        }
        catch (OperationCanceledException)
        {
            Journald.Error("Interrupted; no backup was made.");
            return ExitCode.Interrupted;
        }
    }

    private static async Task WriteAsync(NetworkStream answer, long length, string path, CancellationToken cancellation)
    {
        using BackupFile file = BackupFile.Make(path);
        await TakeAsync(answer, length, file.Write, cancellation);
        file.Keep();
    }

    private delegate void Taker(ReadOnlySpan<byte> bytes);

    private static async Task TakeAsync(NetworkStream answer, long length, Taker take, CancellationToken cancellation)
    {
        var piece = new byte[256 << 10];
        for (long left = length; left > 0;)
        {
            int got = await answer.ReadAsync(piece.AsMemory(0, (int)Math.Min(left, piece.Length)), cancellation);
            if (got == 0)
                throw new EndOfStreamException();
            take(piece.AsSpan(0, got));
            left -= got;
        }
    }

    /// <summary>Byte by byte: what follows the line is the copy.</summary>
    private static async Task<long> ReadLengthAsync(NetworkStream answer, CancellationToken cancellation)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (line.Count < LongestLine && await answer.ReadAsync(one, cancellation) > 0 && one[0] != '\n')
            line.Add(one[0]);
        string text = Encoding.UTF8.GetString([.. line]);
        if (text.StartsWith(BackupService.Refused, StringComparison.Ordinal))
            throw new CommandFailure(ExitCode.InputOutput, text[BackupService.Refused.Length..]);
        return text.StartsWith(BackupService.Copy, StringComparison.Ordinal) && long.TryParse(text[BackupService.Copy.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out long length) && length > 0
            ? length
            : throw new CommandFailure(ExitCode.NoDaemon, "The service ended before it answered.");
    }
}
