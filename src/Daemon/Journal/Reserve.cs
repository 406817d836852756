using AtomikD.Linux;
using Microsoft.Extensions.Logging;

namespace AtomikD.Journal;

/// <summary>Space held back in the state folder, so that what is already live can still be recorded when its disk is full.</summary>
internal sealed class Reserve(string folder, ILogger logger)
{
    public const long Size = 4 << 20;

    // Made again only when that leaves as much again.
    private const long RoomToMake = 2 * Size;

    private readonly string _path = Path.Combine(folder, "reserve");

    public bool Stands { get; private set; }

    /// <summary>Makes it where there is room.</summary>
    public void Make()
    {
        var existing = new FileInfo(_path);
        if (existing.Exists && existing.Length == Size)
        {
            Stands = true;
            return;
        }
        try
        {
            File.Delete(_path);
            if (FreeSpace() < RoomToMake)
                return;
            using var file = new FileStream(_path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                PreallocationSize = Size,
            });
            file.SetLength(Size);
            Stands = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The room went in between; it is tried again later.
        }
    }

    public void MakeAgain()
    {
        Make();
        if (Stands)
            JournalLog.ReserveMade(logger, _path);
    }

    /// <summary>False where it is gone already: nothing was won.</summary>
    public bool GiveUp()
    {
        if (!Stands)
            return false;
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
        Stands = false;
        JournalLog.ReserveGivenUp(logger, _path);
        return true;
    }

    private long FreeSpace()
    {
        if (Fcntl.Open(Name.Of(folder), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd fd) != Errno.None)
            return 0;
        using (fd)
            return SysStatfs.FStatfs(fd, out SysStatfs.statfs status) == Errno.None ? (long)status.f_bavail * status.f_bsize : 0;
    }
}
