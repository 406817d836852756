using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Versions;

public sealed class ReaderLocksTests
{
    [Fact]
    public void Who_holds_a_lock_is_found()
    {
        using var folder = new TempFolder();
        string file = folder.Write("f", "");
        Assert.Equal(Errno.None, Stat.StatPath(Name.Of(file), out FileStatus status));
        using OtherProcess reader = OtherProcess.Holding(file);

        ReaderLock held = Assert.Single(ReaderLocks.Take(), held => held.Inode == status.Inode && held.Device == status.Device);

        Assert.Equal(reader.Pid, held.Pid);
        Assert.Equal("flock", held.Command);
    }

    [Fact]
    public void A_lock_that_the_kernel_tells_of_twice_is_one()
    {
        Assert.Single(ReaderLocks.Parse("""
            1: FLOCK  ADVISORY  READ  1 fe:0a:5 0 EOF
            7: FLOCK  ADVISORY  READ  1 fe:0a:5 0 EOF
            """));
    }

    [Fact]
    public void Other_locks_and_who_waits_are_no_holders()
    {
        IReadOnlyList<ReaderLock> found = ReaderLocks.Parse("""
            1: POSIX  ADVISORY  WRITE 1 00:28:970382 1073741824 1073742335
            2: FLOCK  ADVISORY  READ  1 fe:0a:18446744073709551615 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 1 fe:0a:5 0 EOF
            3: FLOCK  ADVISORY  READ  0 fe:0a:6 0 EOF
            4: LEASE  ACTIVE    READ  1 fe:0a:7 0 EOF
            5: FLOCK
            """);

        ReaderLock held = Assert.Single(found);
        Assert.Equal((1, 0xFE_0000_000AUL, ulong.MaxValue), (held.Pid, held.Device, held.Inode));
    }
}
