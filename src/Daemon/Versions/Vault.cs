using System.Security.Cryptography;
using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>
/// The daemon's own folder on the target's mount: slots <c>ID~NAME</c>, trash, copies in the making, uploads, and what
/// nobody could place. Locked while it is served: two daemons would take each other's slots for strays.
/// </summary>
internal sealed class Vault : IDisposable
{
    private static readonly Name s_lock = Name.Of("lock");
    private static readonly Name s_id = Name.Of("id");
    private readonly Fd _lock;

    private Vault(string path, string id, Fd folder, FileStatus status, Fd @lock, Fd trash, Fd copy, Fd upload, Fd lostAndFound)
    {
        Path = path;
        Id = id;
        Folder = folder;
        Status = status;
        _lock = @lock;
        Trash = trash;
        Copy = copy;
        Upload = upload;
        LostAndFound = lostAndFound;
    }

    public string Path { get; }

    /// <summary>32 hexadecimal digits, made with the vault. Versions and slots belong to it, not to a path or a route's name.</summary>
    public string Id { get; }

    public Fd Folder { get; }

    public FileStatus Status { get; }

    public Fd Trash { get; }

    public Fd Copy { get; }

    public Fd Upload { get; }

    public Fd LostAndFound { get; }

    /// <summary>The entries of a vault that are no slots.</summary>
    public static bool IsFurniture(ReadOnlySpan<byte> name) => name.SequenceEqual("lock"u8) || name.SequenceEqual("id"u8)
        || name.SequenceEqual("trash"u8) || name.SequenceEqual("copy"u8) || name.SequenceEqual("upload"u8)
        || name.SequenceEqual("lost+found"u8) || name.SequenceEqual("CACHEDIR.TAG"u8) || name.SequenceEqual(".gitignore"u8);

    public static Name SlotName(SlotId id, string target) => Name.Of($"{id}~{target}");

    public string SlotPath(SlotId id, string target) => $"{Path}/{id}~{target}";

    /// <summary>Opens the vault, making what is missing, and locks it.</summary>
    public static Refusal? Open(string path, Fd target, FileStatus targetStatus, out Vault? vault)
    {
        vault = null;
        var open = new List<Fd>();
        Refusal? refusal = TryOpen(path, targetStatus, open, out string id, out FileStatus status);
        if (refusal is not null)
        {
            open.ForEach(fd => fd.Dispose());
            return refusal;
        }
        vault = new Vault(path, id, open[0], status, open[1], open[2], open[3], open[4], open[5]);
        return null;
    }

    private static Refusal? TryOpen(string path, FileStatus targetStatus, List<Fd> open, out string id, out FileStatus status)
    {
        id = "";
        status = default;
        Name name = Name.Of(path);
        Errno error = Stat.MkdirAt(Fd.Cwd, name, 0x1C0);
        if (error is not (Errno.None or Errno.EEXIST))
            return Refusal.From(error, $"make the vault {path}");
        // The last component may have been planted as a link; those before it are the administrator's.
        error = Fcntl.OpenAt2(Fd.Cwd, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY | Fcntl.O_NOFOLLOW, 0, Fcntl.RESOLVE_NO_MAGICLINKS, out Fd folder);
        open.Add(folder);
        if (error == Errno.None)
            error = Stat.FStat(folder, out status);
        if (error != Errno.None)
            return Refusal.From(error, $"open the vault {path} (it must be a real folder, not a link)");
        if (status.Uid != Unistd.GetEuid())
            return Wrong(Reason.NotPermitted, $"The vault {path} belongs to uid {status.Uid}, not to the daemon's uid {Unistd.GetEuid()}.",
                "Move it away, or change its owner if nobody else could have written into it.");
        if ((status.Permissions & 0x3F) != 0)
            return Wrong(Reason.NotPermitted, $"The vault {path} has mode {Convert.ToString(status.Permissions, 8)}, others may enter it.",
                $"chmod 700 {path}, after a look at what stands in it.");
        if (status.Device != targetStatus.Device || status.MountId != targetStatus.MountId)
            return Wrong(Reason.CrossDevice, $"The vault {path} is not on the mount of the target.", "Set Vault to a folder on the target's own mount.");

        foreach (string child in (string[])["trash", "copy", "upload", "lost+found"])
        {
            if (Stat.MkdirAt(folder, Name.Of(child), 0x1C0) is var made && made is not (Errno.None or Errno.EEXIST))
                return Refusal.From(made, $"make {path}/{child}");
        }
        Fd @lock = new();
        error = Fcntl.OpenAt2(folder, s_lock, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_NOFOLLOW, 0x180, Fcntl.RESOLVE_BENEATH, out Fd writer);
        using Fd closing = writer;
        // Held without the right to write: else the file system could not be made read-only.
        if (error == Errno.None)
            error = Fcntl.OpenBeneath(folder, s_lock, Fcntl.O_RDONLY, out @lock);
        open.Add(@lock);
        if (error != Errno.None)
            return Refusal.From(error, $"open {path}/lock");
        error = SysFile.Flock(@lock, SysFile.LOCK_EX | SysFile.LOCK_NB);
        if (error == Errno.EAGAIN)
            return Wrong(Reason.Busy, $"The vault {path} is in use by another daemon{HolderOf(@lock)}.", "Stop the other daemon, or give this route a target of its own.");
        if (error != Errno.None)
            return Refusal.From(error, $"lock {path}/lock");
        WriteHolder(writer);
        foreach (string child in (string[])["trash", "copy", "upload", "lost+found"])
        {
            error = Fcntl.OpenBeneath(folder, Name.Of(child), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out Fd opened);
            open.Add(opened);
            if (error != Errno.None)
                return Refusal.From(error, $"open {path}/{child}");
        }
        return Furnish(path, folder, out id);
    }

    /// <summary>Backup programs skip a folder with a CACHEDIR.TAG, git one that ignores itself.</summary>
    private static Refusal? Furnish(string path, Fd folder, out string id)
    {
        id = "";
        Errno error = WriteOnce(folder, Name.Of("CACHEDIR.TAG"),
            "Signature: 8a477f597d28d172789f06886806bc55\n# Replaced versions, kept by atomikd for rollback.\n"u8);
        if (error == Errno.None)
            error = WriteOnce(folder, Name.Of(".gitignore"), "*\n"u8);
        if (error == Errno.None)
            error = WriteOnce(folder, s_id, System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n"));
        if (error != Errno.None)
            return Refusal.From(error, $"write into the vault {path}");
        error = Fcntl.OpenBeneath(folder, s_id, Fcntl.O_RDONLY, out Fd file);
        using Fd closing = file;
        Span<byte> text = stackalloc byte[64];
        int length = 0;
        if (error == Errno.None)
            error = Unistd.Read(file, text, out length);
        if (error != Errno.None)
            return Refusal.From(error, $"read {path}/id");
        id = System.Text.Encoding.ASCII.GetString(text[..length]).Trim();
        return id.Length == 32 && id.All(char.IsAsciiHexDigit)
            ? null
            : Wrong(Reason.IoError, $"{path}/id does not hold a vault id.", "Restore it from a backup; if there is none, remove it: retained versions then go to lost+found.");
    }

    /// <summary>Written aside, synced and renamed, so that a crash leaves the whole of it or nothing.</summary>
    private static Errno WriteOnce(Fd folder, Name name, ReadOnlySpan<byte> contents)
    {
        if (Stat.StatAt(folder, name, out FileStatus status) == Errno.None && status.Size > 0)
            return Errno.None;
        Name aside = name.With(".new"u8);
        Errno error = Fcntl.OpenAt2(folder, aside, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_TRUNC | Fcntl.O_NOFOLLOW, 0x180, Fcntl.RESOLVE_BENEATH, out Fd file);
        using Fd closing = file;
        if (error == Errno.None)
            error = Unistd.WriteAll(file, contents);
        if (error == Errno.None)
            error = Unistd.Fsync(file);
        if (error == Errno.None)
            error = Stdio.RenameAt2(folder, aside, folder, name, 0);
        return error == Errno.None ? Unistd.Fsync(folder) : error;
    }

    private static void WriteHolder(Fd writer)
    {
        Unistd.Ftruncate(writer, 0);
        Unistd.WriteAll(writer, System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
    }

    private static string HolderOf(Fd @lock)
    {
        Span<byte> text = stackalloc byte[32];
        Unistd.Read(@lock, text, out int length);
        string pid = System.Text.Encoding.ASCII.GetString(text[..length]).Trim();
        return pid.Length > 0 ? $" (pid {pid})" : "";
    }

    private static Refusal Wrong(Reason reason, string message, string hint) => new(reason, message, hint);

    public void Dispose()
    {
        Folder.Dispose();
        Trash.Dispose();
        Copy.Dispose();
        Upload.Dispose();
        LostAndFound.Dispose();
        if (!_lock.IsClosed)
            SysFile.Flock(_lock, SysFile.LOCK_UN); // Also where a child that is just being started has the descriptor too.
        _lock.Dispose();
    }
}
