using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Staging;

/// <summary>
/// A daemon without rights over the files of others. The kernel keeps user and capabilities per thread, and a thread hands
/// its own on to those that it starts: the engine is started from one that has given them up.
/// </summary>
public sealed partial class UnprivilegedDaemonTests : IAsyncLifetime
{
    private const uint Daemon = ForeignUser.Stranger;

    private EngineHarness _harness = null!;

    [LibraryImport("libc")]
    private static partial long syscall(long number, nuint a, nuint b, nuint c);

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to become another user");
        _harness = new EngineHarness();
        foreach (string folder in (string[])[_harness.Staging, _harness.Target, _harness.StateDirectory])
            Drop.Chown(folder, Daemon);
        await StartAs(Daemon, _harness.StartAsync);
        Assert.Null(_harness.Route.Trouble);
        Assert.Equal(Daemon, Drop.StatusOf(_harness.VaultPath).Uid);
    }

    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
            await _harness.DisposeAsync();
    }

    [Theory]
    [InlineData("site/sub/secret", 0)]
    [InlineData("site/sub/secret", 200)]
    [InlineData("site/sub", 0)]
    [InlineData("site/sub", 200)]
    [InlineData("site", 0)]
    [InlineData("file", 0)]
    public void What_cannot_be_read_is_refused_and_put_back(string unreadable, int others)
    {
        string name = unreadable.Split('/')[0];
        if (name == "file")
            _harness.StageFile("file", "1");
        else
            _harness.StageFolder("site", ("sub/secret", "1"), ("a/a", "1"));
        for (int i = 0; i < others; i++)
            File.WriteAllText(_harness.Staged($"site/a/{i}"), "");
        GiveAway(_harness.Staged(name));
        Drop.Chmod(_harness.Staged(unreadable), 0);
        string before = Drop.Snapshot(_harness.Staged(name));
        MarkAs(Daemon, name);

        Receipt receipt = _harness.Refused(name, Reason.NotPermitted, _harness.Staged(unreadable), nameof(Errno.EACCES));

        Assert.Contains("rights", receipt.Hint, StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(_harness.Staged(name)));
        GoesOn();
    }

    [Fact]
    public void A_folder_that_it_may_not_move_is_refused_and_left()
    {
        Directory.CreateDirectory(_harness.Staged("site"));
        string before = Drop.Snapshot(_harness.Staged("site"));
        MarkAs(Daemon, "site");

        _harness.Refused("site", Reason.NotPermitted, $"claim {_harness.Staged("site")}", nameof(Errno.EACCES));

        Assert.Equal(before, Drop.Snapshot(_harness.Staged("site")));
        GoesOn();
    }

    [Fact]
    public void A_file_of_which_it_cannot_tell_whether_it_is_open_is_refused_and_left()
    {
        _harness.StageFile("file", "1");
        string before = Drop.Snapshot(_harness.Staged("file"));
        MarkAs(Daemon, "file");

        Receipt receipt = _harness.Refused("file", Reason.NotPermitted, _harness.Staged("file"), "lease");

        Assert.Contains("CAP_LEASE", receipt.Hint, StringComparison.Ordinal);
        Assert.Equal(before, Drop.Snapshot(_harness.Staged("file")));
        GoesOn();
    }

    [Fact]
    public void A_marker_that_cannot_be_read_is_refused()
    {
        _harness.StageFile("file", "1");
        GiveAway(_harness.Staged("file"));
        string before = Drop.Snapshot(_harness.Staged("file"));
        MarkAs(Daemon, "file", "{\"overwrite\":true}", mode: 0);

        _harness.Refused("file", Reason.NotPermitted, "read the marker file.ready", nameof(Errno.EACCES));

        Assert.Equal(before, Drop.Snapshot(_harness.Staged("file")));
        GoesOn();
    }

    [Fact]
    public void An_empty_marker_need_not_be_read()
    {
        _harness.StageFile("file", "1");
        GiveAway(_harness.Staged("file"));
        MarkAs(Daemon, "file", mode: 0);

        Assert.True(_harness.WaitFor("file").Succeeded);
    }

    [Fact]
    public void A_marker_of_somebody_else_is_answered()
    {
        _harness.StageFile("file", "1");
        GiveAway(_harness.Staged("file"));
        MarkAs(0, "file", "{\"overwrite\":true}");

        Assert.True(_harness.WaitFor("file").Succeeded);
    }

    private void GoesOn()
    {
        _harness.StageFile("other", "1");
        GiveAway(_harness.Staged("other"));
        MarkAs(Daemon, "other");
        Assert.True(_harness.WaitFor("other").Succeeded);
        _harness.Log.AssertNoUnexpectedErrors();
    }

    private void MarkAs(uint uid, string name, string text = "", uint mode = 0x1A4)
    {
        string aside = Path.Combine(_harness.Root, "marker");
        File.WriteAllText(aside, text);
        Drop.Chmod(aside, mode);
        Drop.Chown(aside, uid);
        File.Move(aside, _harness.Staged(name + ".ready"));
    }

    private static void GiveAway(string path)
    {
        Drop.Chown(path, Daemon);
        if (!Directory.Exists(path))
            return;
        foreach (string child in Directory.EnumerateFileSystemEntries(path))
            GiveAway(child);
    }

    /// <summary>By the system calls themselves: the C library's functions would change every thread.</summary>
    private static async Task StartAs(uint uid, Func<Task> start)
    {
        (long setgroups, long setresgid, long setresuid) = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? (116L, 119L, 117L) : (159L, 149L, 147L);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                bool isOther = syscall(setgroups, 0, 0, 0) == 0 && syscall(setresgid, uid, uid, uid) == 0 && syscall(setresuid, uid, uid, uid) == 0;
                Assert.True(isOther && Unistd.GetEuid() == uid, "the thread is another user's");
                start().GetAwaiter().GetResult();
                started.SetResult();
            }
            catch (Exception error)
            {
                started.SetException(ExceptionDispatchInfo.Capture(error).SourceException);
            }
        }).Start();
        await started.Task;
    }
}
