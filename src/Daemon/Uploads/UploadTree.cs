using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Trees;

namespace AtomikD.Uploads;

/// <summary>
/// A folder in the making, entry by entry. Everything is reached by descriptor from its top, and no link is ever followed.
/// Folders are the daemon's alone until <see cref="Finish"/>.
/// </summary>
internal sealed partial class UploadTree : IDisposable
{
    private const ulong Beneath = Fcntl.RESOLVE_BENEATH | Fcntl.RESOLVE_NO_SYMLINKS | Fcntl.RESOLVE_NO_MAGICLINKS | Fcntl.RESOLVE_NO_XDEV;

    private readonly Fd _root;
    private readonly FileStatus _rootStatus;
    private readonly string _shown;
    private readonly FolderChain _at;
    private readonly List<Name> _atNames = [];
    private readonly Dictionary<ulong, EntryAttributes> _folders = [];

    public UploadTree(Fd root, in FileStatus rootStatus, string shown)
    {
        _root = root;
        _rootStatus = rootStatus;
        _shown = shown;
        _at = new FolderChain(root, rootStatus);
    }

    /// <summary>One that stands there already takes on what the later entry says of it.</summary>
    public Refusal? AddFolder(List<Name> path, EntryAttributes attributes)
    {
        if (GoTo(path, path.Count) is { } refusal)
            return refusal;
        _folders[_at.Status.Inode] = attributes;
        return null;
    }

    public Refusal? AddFile(List<Name> path, out Fd file)
    {
        file = new Fd();
        if (GoTo(path, path.Count - 1) is { } refusal)
            return refusal;
        Errno error = Fcntl.OpenAt2(_at.Deepest, path[^1], Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL | Fcntl.O_NOFOLLOW, 0x180, Beneath, out file);
        if (error != Errno.None)
            return CannotMake(error, path);
        Attributes.RemoveInherited(file, isFolder: false);
        return null;
    }

    public Refusal? EndFile(List<Name> path, Fd file, EntryAttributes attributes)
    {
        Errno error = Stat.FChmod(file, attributes.Mode);
        if (error == Errno.None && attributes.Modified is { } modified)
            error = Stat.FUtimens(file, Attributes.Of(modified), Attributes.Of(modified));
        return error == Errno.None ? null : UploadRefusals.From(error, $"set mode and time of {PathOf(path)}");
    }

    public Refusal? AddLink(List<Name> path, Name to, EntryAttributes attributes)
    {
        if (GoTo(path, path.Count - 1) is { } refusal)
            return refusal;
        Errno error = Unistd.SymlinkAt(to, _at.Deepest, path[^1]);
        if (error != Errno.None)
            return CannotMake(error, path);
        if (attributes.Modified is { } modified)
            error = Stat.UtimensAt(_at.Deepest, path[^1], Attributes.Of(modified), Attributes.Of(modified));
        return error == Errno.None ? null : UploadRefusals.From(error, $"set the time of {PathOf(path)}");
    }

    /// <summary>Another name of a file that the archive has brought before.</summary>
    public Refusal? AddHardLink(List<Name> path, List<Name> to)
    {
        if (GoTo(path, path.Count - 1) is { } refusal)
            return refusal;
        Errno error = OpenFolderOf(to, out Fd folder);
        using Fd closing = folder == _root ? new Fd() : folder;
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.StatAt(folder, to[^1], out status);
        if (error is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP || (error == Errno.None && !status.IsFile))
            return UploadRefusals.Unsupported($"{PathOf(path)} is a hard link to {PathOf(to)}, which is no file that the archive has brought before.",
                "Archive the file itself, before its links.");
        if (error == Errno.None)
            error = Unistd.LinkAt(folder, to[^1], _at.Deepest, path[^1]);
        return error == Errno.None ? null : CannotMake(error, path);
    }

    public string PathOf(List<Name> path) => path.Count == 0 ? _shown : $"{_shown}/{string.Join('/', path)}";

    /// <summary>Stands in the folder of the first <paramref name="count"/> names, making what is missing.</summary>
    private Refusal? GoTo(List<Name> path, int count)
    {
        int same = 0;
        while (same < count && same < _atNames.Count && path[same].Equals(_atNames[same]))
            same++;
        while (_atNames.Count > same)
        {
            if (_at.Pop(out _) is not Errno.None and var error)
                return UploadRefusals.From(error, $"go on in {_shown}");
            _atNames.RemoveAt(_atNames.Count - 1);
        }
        while (_atNames.Count < count)
        {
            if (Enter(path) is { } refusal)
                return refusal;
        }
        return null;
    }

    private Refusal? Enter(List<Name> path)
    {
        Name name = path[_atNames.Count];
        Errno error = Open(_at.Deepest, name, out Fd opened);
        bool isNew = error == Errno.ENOENT;
        if (isNew)
        {
            error = Stat.MkdirAt(_at.Deepest, name, 0x1C0);
            if (error == Errno.None)
                error = Open(_at.Deepest, name, out opened);
        }
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(opened, out status);
        if (error == Errno.None)
        {
            if (isNew)
                Attributes.RemoveInherited(opened, isFolder: true);
            _at.Push(opened, status);
            _atNames.Add(name);
            return null;
        }
        opened.Dispose();
        List<Name> below = path[..(_atNames.Count + 1)];
        return error is Errno.ELOOP or Errno.ENOTDIR
            ? UploadRefusals.Unsupported($"{PathOf(path)} has {PathOf(below)} above it, which the archive has brought as something else than a folder.",
                "Nothing is ever written through a link: archive the folder itself.")
            : UploadRefusals.From(error, $"make {PathOf(below)}");
    }

    private static Errno Open(Fd above, Name name, out Fd opened) =>
        Fcntl.OpenBeneath(above, name, Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, out opened);

    /// <summary>Name by name: a path may be longer than the kernel takes.</summary>
    private Errno OpenFolderOf(List<Name> path, out Fd folder)
    {
        folder = _root;
        Errno error = Errno.None;
        for (int i = 0; i < path.Count - 1 && error == Errno.None; i++)
        {
            error = Open(folder, path[i], out Fd next);
            if (folder != _root)
                folder.Dispose();
            folder = next;
        }
        return error;
    }

    private Refusal CannotMake(Errno error, List<Name> path) => error == Errno.EEXIST
        ? UploadRefusals.Unsupported($"{PathOf(path)} comes a second time in the archive.", "Archive everything once.")
        : UploadRefusals.From(error, $"make {PathOf(path)}");

    public void Dispose() => _at.Dispose();
}
