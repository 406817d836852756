using System.Diagnostics;
using AtomikD.Linux;

namespace AtomikD.Demo;

/// <summary>Opens the folder once and every file from there: all of them are of the version that was live then.</summary>
internal sealed class FolderReader(string site, TimeSpan keepFor, Tally tally, CancellationToken stop)
    : Reader("through one opened folder", site, keepFor, tally, stop)
{
    // The readers are to look often, and to leave the processors to the others.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    protected override void Read()
    {
        long begun = Stopwatch.GetTimestamp();
        Errno error = OpenSite(out Fd folder);
        using (folder)
        {
            if (error != Errno.None)
                CountNoDestination(error);
            else
                Count(Check.Folder(folder), begun);
        }
        Pause(s_pause);
    }
}

/// <summary>Opens every file by its path: each is whole, and none is older than the one before.</summary>
internal sealed class PathReader(string site, TimeSpan keepFor, Tally tally, CancellationToken stop)
    : Reader("by path", site, keepFor, tally, stop)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    protected override void Read()
    {
        foreach (string path in DemoContent.LastingPaths)
        {
            long begun = Stopwatch.GetTimestamp();
            Errno error = Fcntl.Open(Name.Of($"{Site}/{path}"), Fcntl.O_RDONLY, 0, out Fd file);
            using Fd closing = file;
            Count(error == Errno.None ? Check.File(file, path, null) : Verdict.NotOpened(0, path, error), begun);
        }
        Pause(s_pause);
    }
}

/// <summary>
/// Locks the folder it has opened, as <c>cd live/site &amp;&amp; flock -s . CMD</c> does, and reads so slowly that the version
/// would long be deleted without the lock.
/// </summary>
/// <param name="site">The live folder.</param>
/// <param name="keepFor">How long a replaced version stays at least.</param>
/// <param name="tally">Where it counts.</param>
/// <param name="slots">How many replaced versions there are now.</param>
/// <param name="stop">Ends it after what it is reading.</param>
internal sealed class LockingReader(string site, TimeSpan keepFor, Tally tally, Func<int> slots, CancellationToken stop)
    : Reader("under flock", site, keepFor, tally, stop)
{
    protected override void Read()
    {
        long opened = Stopwatch.GetTimestamp();
        Errno error = OpenSite(out Fd folder);
        using Fd closing = folder;
        if (error == Errno.None)
            error = SysFile.Flock(folder, SysFile.LOCK_SH);
        if (error != Errno.None)
        {
            CountNoDestination(error);
            return;
        }
        bool isHeld = Stopwatch.GetElapsedTime(opened) < KeepFor;
        TimeSpan pause = KeepFor * 2.5 / DemoContent.FilesOf(1).Count;
        Verdict verdict = Check.Folder(folder, () => Pause(pause));
        Count(verdict, opened, isHeld);
        if (verdict.Outcome != Outcome.Whole)
            return;
        // Of those that came between this one and the live one, as many are gone as are not in the vault, where this one is too.
        long between = LiveVersion() - verdict.Version - 1;
        if (between - (slots() - 1) is > 0 and var deleted)
            Tally.CountHeld(deleted);
    }

    private long LiveVersion()
    {
        Errno error = Fcntl.Open(Name.Of($"{Site}/{DemoContent.First}"), Fcntl.O_RDONLY, 0, out Fd file);
        using Fd closing = file;
        return error == Errno.None ? Check.File(file, DemoContent.First, null).Version : 0;
    }
}
