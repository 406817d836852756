using AtomikD.Linux;

namespace AtomikD.Configuration;

/// <summary>Finds and reads the main file and its drop-ins.</summary>
internal static class ConfigurationFiles
{
    public const string DefaultPath = "/etc/atomikd/atomikd.conf";

    /// <summary>In bytes; a configuration that is longer is some other file.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>Drop-ins of one folder.</summary>
    public const int MaxDropIns = 1000;

    /// <summary>The files <c>FILE.d/*.conf</c> in the order of their bytes.</summary>
    public static IReadOnlyList<string> DropIns(string path, List<ConfigurationError> errors)
    {
        string folder = path + ".d";
        Errno errno = Fcntl.Open(Name.Of(folder), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd opened);
        using (opened)
        {
            if (errno == Errno.ENOENT)
                return [];
            var names = new List<Name>();
            if (errno == Errno.None)
            {
                errno = Dirent.List(opened, (name, _) =>
                {
                    if (name.EndsWith(".conf"u8) && name[0] != (byte)'.')
                        names.Add(Name.Of(name));
                    return names.Count <= MaxDropIns;
                });
            }
            if (errno != Errno.None)
                errors.Add(new ConfigurationError(folder, 0, "", $"Cannot list the folder of drop-ins: {errno.Describe()}. Make it a folder that the daemon's user can read, or remove it."));
            if (names.Count > MaxDropIns)
                errors.Add(new ConfigurationError(folder, 0, "", $"There are more than {MaxDropIns} drop-ins. Join some of them."));
            names.Sort((a, b) => a.Bytes.SequenceCompareTo(b.Bytes));
            foreach (Name name in names.Where(n => n.Text is null))
                errors.Add(new ConfigurationError(folder, 0, "", $"The name of the drop-in {name} is not valid UTF-8. Rename it."));
            return [.. names.Where(n => n.Text is not null).Select(n => $"{folder}/{n.Text}")];
        }
    }

    /// <summary>The contents, or null when the file cannot be read, which is an error then.</summary>
    public static byte[]? Read(string path, List<ConfigurationError> errors)
    {
        byte[]? Fail(string message)
        {
            errors.Add(new ConfigurationError(path, 0, "", message));
            return null;
        }

        // O_NONBLOCK: a FIFO of that name must not keep the daemon from starting.
        Errno errno = Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY | Fcntl.O_NONBLOCK | Fcntl.O_NOCTTY, 0, out Fd file);
        using (file)
        {
            if (errno == Errno.ENOENT)
                return Fail("The file does not exist. Create it (docs/configuration.md has an example to start from), or name another with --config FILE.");
            if (errno != Errno.None)
                return Fail($"Cannot open the file: {errno.Describe()}. Let the daemon's user read it.");
            if (Stat.FStat(file, out FileStatus status) != Errno.None || !status.IsFile)
                return Fail("This is not a file. Put a file there, or name another with --config FILE.");
            if (status.Size > MaxLength)
                return Fail($"The file is longer than {MaxLength} bytes. It is hardly a configuration: name another with --config FILE.");
            var buffer = new byte[MaxLength];
            int length = 0;
            while (length < buffer.Length)
            {
                errno = Unistd.Read(file, buffer.AsSpan(length), out int got);
                if (errno != Errno.None)
                    return Fail($"Cannot read the file: {errno.Describe()}.");
                if (got == 0)
                    break;
                length += got;
            }
            return buffer[..length];
        }
    }
}
