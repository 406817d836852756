using System.Text;
using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>Files of /proc. Processes end while one looks at them, so what cannot be read is no error.</summary>
internal static class ProcFile
{
    /// <summary>All of it, Latin-1 standing for bytes; null where it cannot be read.</summary>
    public static string? Read(string path)
    {
        Errno error = Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_NOCTTY, 0, out Fd file);
        using Fd closing = file;
        // A shortage here is not the same as a process that has gone: what is mounted there would be overlooked.
        if (error is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM)
            throw new IOException($"{path} cannot be read: {error.Describe()}");
        if (error != Errno.None)
            return null;
        var text = new StringBuilder();
        byte[] buffer = new byte[32 * 1024];
        while (true)
        {
            if (Unistd.Read(file, buffer, out int got) != Errno.None)
                return null;
            if (got == 0)
                return text.ToString();
            text.Append(Encoding.Latin1.GetString(buffer, 0, got));
        }
    }

    /// <summary>The name of a process's program, for showing; a question mark where it cannot be told.</summary>
    public static string CommandOf(int pid) =>
        Read($"/proc/{pid}/comm") is { } command ? Name.Escape(Encoding.Latin1.GetBytes(command.TrimEnd('\n'))) : "?";

    /// <summary>Where a link of a process leads; null where that is not for this daemon to see.</summary>
    public static string? Link(string path) =>
        Unistd.ReadlinkAt(Fd.Cwd, Name.Of(path), out Name target) == Errno.None ? Encoding.Latin1.GetString(target.Bytes) : null;

    /// <summary>The processes that can be seen, the oldest numbers first.</summary>
    public static List<int> Processes()
    {
        var found = new List<int>();
        Errno error = Fcntl.Open(Name.Of("/proc"), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd folder);
        using Fd closing = folder;
        if (error == Errno.None)
            Dirent.List(folder, (name, _) =>
            {
                if (int.TryParse(name, out int process))
                    found.Add(process);
                return true;
            });
        found.Sort();
        return found;
    }
}
