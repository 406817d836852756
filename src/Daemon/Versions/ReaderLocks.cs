using System.Globalization;
using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>A lock by flock(2) that another process has on a file or folder.</summary>
/// <param name="Pid">As this daemon sees it.</param>
/// <param name="Command">Of the process, as far as it can be told.</param>
/// <param name="Device">As <see cref="FileStatus.Device"/>.</param>
/// <param name="Inode">Of what is locked.</param>
internal sealed record ReaderLock(int Pid, string Command, ulong Device, ulong Inode);

/// <summary>
/// Who holds what, by /proc/locks. It tells of processes in this daemon's own PID namespace only, so it is for showing: whether
/// a version is held is asked of the lock itself.
/// </summary>
internal static class ReaderLocks
{
    /// <summary>All of them, on any file system; the daemon's own are left out.</summary>
    public static IReadOnlyList<ReaderLock> Take() => Parse(ProcFile.Read("/proc/locks") ?? "");

    public static IReadOnlyList<ReaderLock> Parse(string text)
    {
        // The kernel gives the list in pieces: what has moved between two of them is told twice.
        var found = new HashSet<ReaderLock>();
        foreach (string line in text.Split('\n'))
        {
            // 1: FLOCK  ADVISORY  READ 1234 08:01:5678 0 EOF; who waits for a lock has a "->" before the kind.
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 6 || words[1] != "FLOCK" || !int.TryParse(words[4], out int pid) || pid <= 0 || pid == Environment.ProcessId)
                continue;
            string[] place = words[5].Split(':');
            if (place.Length == 3 && uint.TryParse(place[0], NumberStyles.HexNumber, null, out uint major)
                && uint.TryParse(place[1], NumberStyles.HexNumber, null, out uint minor) && ulong.TryParse(place[2], out ulong inode))
                found.Add(new ReaderLock(pid, ProcFile.CommandOf(pid), ((ulong)major << 32) | minor, inode));
        }
        return [.. found];
    }
}
