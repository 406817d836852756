using System.Diagnostics;
using System.Net.Sockets;
using AtomikD.Journal;
using AtomikD.Support;
using AtomikD.Systemd;
using Xunit;

namespace AtomikD.Commands;

/// <summary><c>atomikd backup</c> against a service that somebody started by hand.</summary>
public sealed class BackupCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TempFolder _journal = new();

    private string File => _folder["backup.db"];

    public void Dispose()
    {
        _folder.Dispose();
        _journal.Dispose();
    }

    [Fact]
    public void It_writes_a_whole_database_in_place_of_an_older_one_for_its_owner_alone()
    {
        using DaemonProcess daemon = Started();
        daemon.Publish("item");
        System.IO.File.WriteAllText(File, "an older one");
        System.IO.File.WriteAllText(File + ".new", "what a killed backup left");

        CommandResult result = Backup(daemon, File);

        Assert.True(result.Succeeded, result.Error);
        Assert.Equal("", result.Output + result.Error);
        Assert.Equal("item", ReadName(File));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal(["backup.db"], Names());
    }

    [Fact]
    public void It_goes_through_a_pipe()
    {
        using DaemonProcess daemon = Started();
        daemon.Publish("item");
        Command.Run("sh", "-euc", "\"$1\" backup --pid \"$2\" - | cat >\"$3\"", "sh", DaemonProcess.Program, $"{daemon.Id}", File).Check();
        Assert.Equal("item", ReadName(File));
    }

    [Fact]
    public void What_cannot_be_done_is_said_with_a_code_for_scripts()
    {
        using DaemonProcess daemon = Started();
        Ends(64, "Required argument", Command.Run(DaemonProcess.Program, "backup"));
        Ends(64, "is not a file", Backup(daemon, _folder.Path));
        Ends(74, "There is no folder", Backup(daemon, _folder["none/backup.db"]));
        Ends(78, "cannot be read", Command.Run(DaemonProcess.Program, "backup", "--config", _folder["none.conf"], File));
        Assert.SkipWhen(Command.WhyNot("mount") is not null || !Native.IsRoot, "needs root and mount for a full disk");
        Directory.CreateDirectory(_folder["small"]);
        Command.Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", _folder["small"]).Check();
        try
        {
            Ends(74, "No space left on device", Backup(daemon, _folder["small/backup.db"]));
            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["small"]));
        }
        finally
        {
            Mounts.Unmount(_folder["small"]);
        }
        Assert.Equal(0, daemon.Stop());
        Ends(69, "Does the service run?", Backup(daemon, File));
        Assert.Equal(["small"], Names());
    }

    [Fact]
    public void Nobody_else_may_have_it()
    {
        Assert.SkipWhen(ForeignUser.WhyNot is not null, ForeignUser.WhyNot ?? "");
        using DaemonProcess daemon = Started();
        System.IO.File.SetUnixFileMode(daemon.Config["state"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string program = DaemonProcess.Program;
        Assert.SkipUnless(ForeignUser.Run(ForeignUser.Stranger, "test -x \"$1\" && test -r \"$2\"", program, daemon.Config.Main).Succeeded, "another user cannot run the program here");
        Ends(77, "only root", ForeignUser.Run(ForeignUser.Stranger, "\"$1\" backup --config \"$2\" -", program, daemon.Config.Main));
        Ends(77, "Only root", ForeignUser.Run(ForeignUser.Stranger, "\"$1\" backup --pid \"$2\" -", program, $"{daemon.Id}"));
    }

    [Fact]
    public async Task A_service_that_ends_in_the_middle_leaves_nothing_with_the_caller()
    {
        // This test answers in the place of a service, and stops halfway.
        using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(ServiceDoor.AddressOf(Environment.ProcessId));
        door.Listen();
        Task<CommandResult> backup = Task.Run(() => Command.Run(DaemonProcess.Program, "backup", "--pid", $"{Environment.ProcessId}", File));
        using (Socket caller = door.Accept())
        {
            caller.Send("copy 1000000\nSQLite format 3\0"u8);
            Eventually.True(() => System.IO.File.Exists(File + ".new"), "the caller writes");
            // A second one does not disturb the first.
            Task<CommandResult> second = Task.Run(() => Command.Run(DaemonProcess.Program, "backup", "--pid", $"{Environment.ProcessId}", File));
            using Socket other = door.Accept();
            other.Send("copy 1000000\n"u8);
            Ends(74, "is being written by another backup", await second);
        }
        Ends(74, "The service ended", await backup);
        Assert.Empty(Names());
    }

    [Fact]
    public async Task Ctrl_C_leaves_nothing()
    {
        using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(ServiceDoor.AddressOf(Environment.ProcessId));
        door.Listen();
        ProcessStartInfo start = Command.Prepare(DaemonProcess.Program, "backup", "--pid", $"{Environment.ProcessId}", File);
        start.RedirectStandardError = true;
        using Process backup = Process.Start(start)!;
        using Socket caller = door.Accept();
        caller.Send("copy 1000000\nSQLite format 3\0"u8);
        Eventually.True(() => System.IO.File.Exists(File + ".new"), "the caller writes");
        Native.Kill(backup.Id, 2);
        await backup.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, backup.ExitCode);
        Assert.Contains("Interrupted", await backup.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Empty(Names());
    }

    [Fact]
    public void A_caller_that_goes_leaves_nothing_with_the_service()
    {
        using DaemonProcess daemon = Started(large: true);
        using (var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            caller.Connect(ServiceDoor.AddressOf(daemon.Id));
            caller.Send("backup\n"u8);
            Assert.Equal((byte)'c', Receive(caller)); // The copy is made, and more than the socket takes is still to be sent.
            Assert.Single(OpenCopies(daemon));
        }
        Eventually.True(() => !OpenCopies(daemon).Any(), "the service closes its copy");
        Assert.False(System.IO.File.Exists(daemon.Config["state/copy"]));
        Assert.True(Backup(daemon, File).Succeeded);
        daemon.Publish("item");
    }

    [Fact]
    public void A_service_that_is_killed_in_the_middle_leaves_nothing_either()
    {
        using DaemonProcess daemon = Started(large: true);
        using var caller = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        caller.Connect(ServiceDoor.AddressOf(daemon.Id));
        caller.Send("backup\n"u8);
        Assert.Equal((byte)'c', Receive(caller));
        Native.Kill(daemon.Id, 9);
        daemon.WaitForExit();
        Assert.Equal(["journal.db", "journal.db-wal", "lock", "reserve"], Directory.EnumerateFileSystemEntries(daemon.Config["state"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    /// <param name="large">With a journal that no socket takes at once.</param>
    private DaemonProcess Started(bool large = false)
    {
        var environment = new Dictionary<string, string>();
        if (large)
        {
            using var journal = new JournalFolder();
            using (CommitJournal filled = journal.Open())
                JournalFolder.Fill(filled, 4000);
            environment["LARGE"] = Path.Combine(_journal.Path, "journal.db");
            System.IO.File.Copy(journal.JournalPath, environment["LARGE"]);
        }
        var daemon = new DaemonProcess(environment, large ? "cp \"$LARGE\" \"$(dirname \"$2\")/state\"; exec \"$1\" --config \"$2\"" : "exec \"$1\" --config \"$2\"");
        Eventually.True(() => System.IO.File.Exists(daemon.Config["s"]) && Command.Run(DaemonProcess.Program, "reload", "--pid", $"{daemon.Id}").Succeeded, "the service runs", TimeSpan.FromMinutes(1));
        return daemon;
    }

    private string[] Names() => [.. Directory.EnumerateFileSystemEntries(_folder.Path).Select(path => Path.GetFileName(path)!)];

    private static CommandResult Backup(DaemonProcess daemon, string file) => Command.Run(DaemonProcess.Program, "backup", "--config", daemon.Config.Main, file);

    private static void Ends(int code, string words, CommandResult result)
    {
        Assert.Contains(words, result.Error);
        Assert.Equal(code, result.ExitCode);
    }

    private static byte Receive(Socket socket)
    {
        var one = new byte[1];
        Assert.Equal(1, socket.Receive(one));
        return one[0];
    }

    private static IEnumerable<string> OpenCopies(DaemonProcess daemon) => Directory.EnumerateFiles($"/proc/{daemon.Id}/fd")
        .Select(link => new FileInfo(link).LinkTarget ?? "").Where(target => target.Contains("/state/copy", StringComparison.Ordinal));

    private static string ReadName(string file)
    {
        using Store store = Store.Open(file);
        Assert.Equal("ok", store.AskText("PRAGMA integrity_check"));
        return store.AskText("SELECT name FROM names");
    }
}
