using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>An open file descriptor. Closing hides no error that matters: what must be on the disk is fsynced before.</summary>
internal sealed class Fd : SafeHandle
{
    public Fd() : base(-1, ownsHandle: true)
    {
    }

    public Fd(int number) : base(-1, ownsHandle: true) => SetHandle(number);

    /// <summary>Stands for "the current folder" in the *at calls; never closed.</summary>
    public static Fd Cwd { get; } = new(Fcntl.AT_FDCWD) { _borrowed = true };

    /// <summary>A descriptor that somebody else closes.</summary>
    public static Fd Borrow(int number) => new(number) { _borrowed = true };

    private bool _borrowed;

    /// <summary>-1 once closed, so that a late call gets EBADF and not somebody else's file.</summary>
    public int Number => IsClosed ? -1 : (int)handle;

    public override bool IsInvalid => (int)handle == -1;

    protected override bool ReleaseHandle() => _borrowed || Unistd.close((int)handle) == 0;
}
