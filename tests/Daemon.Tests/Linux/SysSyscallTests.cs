using System.Runtime.InteropServices;
using Xunit;

namespace AtomikD.Linux;

public sealed class SysSyscallTests
{
    [Fact]
    public void Numbers_are_those_of_the_headers()
    {
        var program = new CProgram("sys/syscall.h");
        string? reason = program.WhyNot();
        Assert.SkipWhen(reason is not null, reason ?? "");
        IReadOnlyDictionary<string, int> known = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SysSyscall.KnownOnArm : SysSyscall.Known;
        IReadOnlyDictionary<string, long?> native = program.Evaluate(known.Keys);
        Assert.All(known, call => Assert.Equal(call.Value, native[call.Key]));
    }

    [Fact]
    public void Waits_are_told_from_disks()
    {
        IReadOnlyDictionary<string, int> known = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SysSyscall.KnownOnArm : SysSyscall.Known;
        Assert.True(SysSyscall.IsWait(known["SYS_futex"]));
        Assert.False(SysSyscall.IsStorage(known["SYS_futex"]));
        Assert.True(SysSyscall.IsStorage(known["SYS_fsync"]));
        Assert.False(SysSyscall.IsWait(known["SYS_fsync"]));
    }
}
