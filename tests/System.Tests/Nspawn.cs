using System.Diagnostics;
using System.Globalization;
using System.Text;
using AtomikD.Support;

namespace AtomikD.Booted;

/// <summary>A folder that systemd-nspawn has booted, until it is disposed of or this process ends, however it ends.</summary>
internal sealed class Nspawn : IDisposable
{
    private static readonly TimeSpan s_boot = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _said = new();

    public Nspawn(string root, params string[] options)
    {
        _process = StartTied(["systemd-nspawn", "--quiet", "--directory", root, "--boot", "--register=no", "--keep-unit", "--private-network", "--console=pipe", "--link-journal=no", .. options]);
        // Its first child is a helper, its last one the machine's init.
        if (Eventually.Becomes(() => (Init = ChildOf(ChildOf(_process.Id))) != 0 && Run("systemctl", "is-system-running").Output.Trim() is "running" or "degraded", s_boot))
            return;
        Dispose();
        throw new TimeoutException($"the machine has not booted within {s_boot}: {_said}");
    }

    /// <summary>The machine's first process, by its number out here.</summary>
    public int Init { get; private set; }

    /// <summary>Runs a command in the machine, as root.</summary>
    public CommandResult Run(params string[] command) => Command.Run(Prepare(command), s_patience);

    public ProcessStartInfo Prepare(params IEnumerable<string> command)
    {
        ProcessStartInfo start = Command.Prepare("nsenter", ["--target", Init.ToString(CultureInfo.InvariantCulture), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--", .. command]);
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        return start;
    }

    /// <summary>A program that is killed, with its first child, when this process ends.</summary>
    private Process StartTied(string[] command)
    {
        ProcessStartInfo start = Command.Prepare("sh", ["-c", """
            "$@" </dev/null &
            cat >/dev/null
            kill -KILL $(cat /proc/$!/task/$!/children) $!
            """, "sh", .. command]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        Process process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Keep(object sender, DataReceivedEventArgs said)
        {
            lock (_said)
                _said.AppendLine(said.Data);
        }
    }

    private static int ChildOf(int process)
    {
        if (process == 0)
            return 0;
        try
        {
            string children = File.ReadAllText($"/proc/{process}/task/{process}/children").Trim();
            return int.TryParse(children.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int child) ? child : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        // The last of its processes has left the folder.
        Eventually.True(() => Init == 0 || !Directory.Exists($"/proc/{Init}"), "the machine has ended", s_boot);
    }
}
