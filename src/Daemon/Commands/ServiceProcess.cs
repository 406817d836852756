using System.Globalization;
using System.Text;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Linux;

namespace AtomikD.Commands;

/// <summary>Which process serves a configuration, whoever started it: its state folder's lock says so.</summary>
internal static class ServiceProcess
{
    /// <exception cref="CommandFailure">That cannot be told.</exception>
    public static int Of(string config)
    {
        // The journal of the running service is asked for: whether routes are right is of no concern.
        LoadResult loaded = ConfigurationLoader.Load(config);
        string? state = loaded.Values.FirstOrDefault(value => value is { Section: "Daemon", Key: "StateDirectory" })?.Value;
        if (string.IsNullOrEmpty(state) || loaded.Files.Count == 0)
            throw new CommandFailure(ExitCode.Configuration, $"{config} cannot be read, or names no state folder. `atomikd check` tells more; or say --pid.");
        string path = StateFolder.LockPath(state);
        Span<byte> text = stackalloc byte[16];
        // Not by File, which would lock it, or refuse what the service has locked.
        Errno error = Fcntl.Open(Name.Of(path), Fcntl.O_RDONLY, 0, out Fd file);
        using (file)
        {
            int length = 0;
            if (error == Errno.None)
                error = Unistd.Read(file, text, out length);
            return error switch
            {
                Errno.None when int.TryParse(Encoding.ASCII.GetString(text[..length]).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int process) => process,
                Errno.None or Errno.ENOENT => throw new CommandFailure(ExitCode.NoDaemon, $"No service has begun in {state}. Does it run, with this configuration?"),
                Errno.EACCES => throw new CommandFailure(ExitCode.NotPermitted, $"{path} cannot be read: only root and the service's own user may make a backup."),
                _ => throw new CommandFailure(ExitCode.InputOutput, $"{path} cannot be read: {error.Describe()}."),
            };
        }
    }
}
