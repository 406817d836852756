namespace AtomikD.Support;

internal static class Mounts
{
    /// <summary>
    /// Waits a little while it is busy: killed processes let go a moment later, and a program that another test is just
    /// starting holds every descriptor of this process until its exec.
    /// </summary>
    public static void Unmount(string path, TimeSpan? patience = null)
    {
        CommandResult? last = null;
        bool Unmounted() => (last = Command.Run("umount", path)).Succeeded || !last.Error.Contains("busy", StringComparison.Ordinal);
        if (!Eventually.Becomes(Unmounted, patience ?? TimeSpan.FromSeconds(5)))
            throw new InvalidOperationException($"{path} is still in use by:\n{string.Join('\n', Holders(path))}");
        last!.Check();
    }

    private static List<string> Holders(string path)
    {
        var holders = new List<string>();
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(p[6])))
        {
            try
            {
                foreach (FileInfo link in Directory.EnumerateFileSystemEntries(process + "/fd").Append(process + "/cwd").Select(p => new FileInfo(p)))
                    if (link.LinkTarget?.StartsWith(path, StringComparison.Ordinal) == true)
                        holders.Add($"{link.FullName} -> {link.LinkTarget}");
            }
            catch (IOException)
            {
                // The process has gone.
            }
        }
        return holders;
    }
}
