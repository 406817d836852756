using System.Diagnostics;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Versions;

/// <summary>A shell script that says "ready" once it has or holds what it should, and ends when it is told to.</summary>
internal sealed class OtherProcess : IDisposable
{
    private readonly Process _process;

    /// <param name="tool">flock, unshare ...</param>
    /// <param name="arguments">Up to and with what starts a shell: the script is added.</param>
    /// <param name="prepare">Shell, run before "ready".</param>
    public OtherProcess(string tool, string[] arguments, string prepare = ":")
    {
        ProcessStartInfo start = Command.Prepare(tool, [.. arguments, $"{prepare}; echo ready; exec cat"]);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        Assert.Equal("ready", _process.StandardOutput.ReadLine());
    }

    /// <summary>A reader that holds a version.</summary>
    public static OtherProcess Holding(string path) => new("flock", ["-s", path, "sh", "-euc"]);

    /// <summary>A process in a mount namespace of its own, in which the script has mounted something.</summary>
    public static OtherProcess Mounting(string script)
    {
        Assert.SkipWhen(!Native.IsRoot, "needs root for a mount namespace");
        return new OtherProcess("unshare", ["--mount", "--propagation", "private", "sh", "-euc"], script);
    }

    public int Pid => _process.Id;

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
