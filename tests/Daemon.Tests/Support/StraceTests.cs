using Xunit;

namespace AtomikD.Support;

public sealed class StraceTests
{
    public StraceTests() => Assert.SkipWhen(Strace.WhyNot is not null, Strace.WhyNot ?? "");

    [Fact]
    public void An_injected_error_reaches_the_program()
    {
        using var folder = new TempFolder();
        StraceResult result = Strace.Run(Command.Prepare("sync", folder.Path), Injection.Error("fsync", "EIO", 1));
        Assert.True(result.Injected, result.Tell());
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Input/output error", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_that_is_never_made_is_not_injected()
    {
        using var folder = new TempFolder();
        StraceResult result = Strace.Run(Command.Prepare("sync", folder.Path), Injection.Error("fsync", "EIO", 2));
        Assert.False(result.Injected, result.Tell());
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void A_kill_lands_before_the_call_takes_effect()
    {
        using var folder = new TempFolder();
        StraceResult result = Strace.Run(Command.Prepare("mkdir", folder["a"], folder["b"]), Injection.Kill("mkdir", 2));
        Assert.True(result.Injected, result.Tell());
        Assert.Equal(128 + 9, result.ExitCode);
        Assert.True(Directory.Exists(folder["a"]));
        Assert.False(Directory.Exists(folder["b"]));
    }

    [Fact]
    public void Calls_are_recorded_in_order()
    {
        using var folder = new TempFolder();
        StraceResult result = Strace.Run(Command.Prepare("mkdir", folder["a"], folder["b"]), null, "mkdir");
        Assert.Equal(["mkdir", "mkdir"], result.Calls.Select(c => c.Syscall));
    }

    [Fact]
    public void A_running_program_ends_with_its_tracer()
    {
        using StracedProcess process = Strace.Start(Command.Prepare("sleep", "1000"), null, "fsync");
        int? id = null;
        Eventually.True(() => (id = process.ProgramId) is not null, "the program runs");
        process.Dispose();
        Eventually.True(() => !Directory.Exists($"/proc/{id}"), "the program has ended");
    }
}
