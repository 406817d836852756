using AtomikD.Linux;

namespace AtomikD.Support;

internal sealed partial class LoopDisk
{
    private const string FillName = ".fill";

    /// <summary>
    /// Takes the free space but for about the given number of bytes; 0 leaves nothing. Returns the path of the file that holds
    /// it: removing it makes room again.
    /// </summary>
    public string Fill(long leaveBytes)
    {
        string path = this[FillName];
        Errno error = Fcntl.Open(Name.Of(path), Fcntl.O_WRONLY | Fcntl.O_CREAT, 0x180, out Fd file);
        if (error != Errno.None)
            throw new IOException($"{path}: {error.Describe()}");
        using (file)
        {
            long size = 0;
            // What is free is an estimate, since metadata grows along: by ever smaller steps until not one block is left.
            for (long step = long.MaxValue; step >= 4096;)
            {
                step = Math.Min(step, Free(file) - leaveBytes) / 4096 * 4096;
                if (step < 4096)
                {
                    if (leaveBytes > 0)
                        break;
                    step = 4096;
                }
                error = Native.Fallocate(file, size, step);
                if (error == Errno.None)
                    size += step;
                else if (error == Errno.ENOSPC)
                    step /= 2;
                else
                    throw new IOException($"{path}: {error.Describe()}");
            }
            Unistd.Syncfs(file);
        }
        return path;
    }

    private static long Free(Fd file)
    {
        SysStatfs.FStatfs(file, out SysStatfs.statfs room);
        return (long)room.f_bavail * room.f_bsize;
    }
}
