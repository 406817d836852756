using System.Diagnostics;
using Xunit;

namespace AtomikD.Support;

public sealed class BootSeamTests
{
    [Fact]
    public void The_child_reads_the_other_boot_id_and_keeps_its_environment()
    {
        Assert.SkipWhen(BootSeam.WhyNot is not null, BootSeam.WhyNot ?? "");
        using var scratch = new TempFolder();
        string id = BootSeam.NewId();
        ProcessStartInfo program = Command.Prepare("sh", "-c", "cat /proc/sys/kernel/random/boot_id; grep ^btime /proc/stat; echo $MARK $1", "sh", "one two");
        program.Environment["MARK"] = "seen";
        CommandResult result = Command.Run(BootSeam.Wrap(program, id, scratch, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000)), TimeSpan.FromSeconds(20));
        Assert.Equal($"{id}\nbtime 1700000000\nseen one two", result.Check());
        Assert.NotEqual(id, File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());
    }

    [Fact]
    public void A_disk_can_be_taken_away_from_a_child_in_its_own_namespace()
    {
        Assert.SkipWhen(BootSeam.WhyNot is not null, BootSeam.WhyNot ?? "");
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using var scratch = new TempFolder();
        ProcessStartInfo program = Command.Prepare("sh", "-c", "echo ready; read line; grep -c \"$1\" /proc/self/mountinfo || true", "sh", disk.Path);
        ProcessStartInfo wrapped = BootSeam.Wrap(program, BootSeam.NewId(), scratch);
        wrapped.RedirectStandardInput = wrapped.RedirectStandardOutput = true;
        using Process child = Process.Start(wrapped)!;
        Assert.Equal("ready", child.StandardOutput.ReadLine());
        disk.Unmount();
        child.StandardInput.Close();
        Assert.Equal("0", child.StandardOutput.ReadToEnd().Trim());
        child.WaitForExit();
    }
}
