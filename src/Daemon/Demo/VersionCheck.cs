using AtomikD.Linux;

namespace AtomikD.Demo;

internal enum Outcome
{
    /// <summary>All of one version, to the last byte.</summary>
    Whole,

    /// <summary>Something that is no version: parts of two, bytes that are wrong, a file too few at its end or too many.</summary>
    Torn,

    /// <summary>A name that must be there is not.</summary>
    Missing,
}

/// <summary>What a look at a file or a whole folder gave.</summary>
/// <param name="Outcome">Whole, or what is wrong.</param>
/// <param name="Version">The version found, 0 where none could be told.</param>
/// <param name="Files">Files found to be whole.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Problem">What is wrong, for people.</param>
internal readonly record struct Verdict(Outcome Outcome, long Version, int Files, long Bytes, string? Problem)
{
    public static Verdict Torn(long version, string problem) => new(Outcome.Torn, version, 0, 0, problem);

    public static Verdict NotOpened(long version, string path, Errno error) =>
        new(error is Errno.ENOENT or Errno.ENOTDIR ? Outcome.Missing : Outcome.Torn, version, 0, 0, $"{path} cannot be opened: {error.Describe()}");
}

/// <summary>Reads and compares every byte. For one thread: it keeps its buffers.</summary>
internal sealed class VersionCheck
{
    private const int ChunkLength = 64 * 1024;

    private readonly byte[] _read = new byte[ChunkLength];
    private readonly byte[] _expected = new byte[ChunkLength];

    /// <summary>A whole version through one opened folder: all files of it and no other.</summary>
    /// <param name="between">Called after each file.</param>
    public Verdict Folder(Fd root, Action? between = null)
    {
        Verdict first = FileIn(root, DemoContent.First, null);
        if (first.Outcome != Outcome.Whole)
            return first;
        int files = 1;
        long bytes = first.Bytes;
        foreach (DemoFile file in DemoContent.FilesOf(first.Version))
        {
            if (file.Path == DemoContent.First)
                continue;
            between?.Invoke();
            Verdict verdict = FileIn(root, file.Path, first.Version);
            if (verdict.Outcome != Outcome.Whole)
                return verdict;
            files++;
            bytes += verdict.Bytes;
        }
        return Names(root, first.Version) ?? new Verdict(Outcome.Whole, first.Version, files, bytes, null);
    }

    /// <summary>One open file.</summary>
    /// <param name="version">The one it must be of; null takes the one that it says.</param>
    public Verdict File(Fd file, string path, long? version)
    {
        long offset = 0;
        long found = 0;
        long length = 0;
        while (true)
        {
            if (Fill(file, out int got) is not Errno.None and var error)
                return Verdict.Torn(found, $"{path} cannot be read: {error.Describe()}");
            if (offset == 0)
            {
                if (DemoContent.VersionIn(_read.AsSpan(0, got)) is not { } told)
                    return Verdict.Torn(0, $"{path} ({got} bytes read) does not begin as a version's file does");
                if (version is { } expected && told != expected)
                    return Verdict.Torn(told, $"{path} is of version {told} among files of version {expected}");
                found = told;
                length = LengthOf(found, path);
            }
            Span<byte> right = _expected.AsSpan(0, got);
            DemoContent.Fill(found, path, offset, right);
            int same = right.CommonPrefixLength(_read.AsSpan(0, got));
            if (same < got)
                return Verdict.Torn(found, $"{path} of version {found} is wrong at byte {offset + same}");
            offset += got;
            if (got < ChunkLength)
                break;
        }
        return offset == length
            ? new Verdict(Outcome.Whole, found, 1, offset, null)
            : Verdict.Torn(found, $"{path} of version {found} has {offset} bytes, not {length}");
    }

    private Verdict FileIn(Fd root, string path, long? version)
    {
        Errno error = Fcntl.OpenAt2(root, Name.Of(path), Fcntl.O_RDONLY, 0, 0, out Fd file);
        using Fd closing = file;
        return error == Errno.None ? File(file, path, version) : Verdict.NotOpened(version ?? 0, path, error);
    }

    private static long LengthOf(long version, string path) => DemoContent.LengthOf(version, path) is >= 0 and int length
        ? length
        : DemoContent.FilesOf(version).Find(file => file.Path == path).Length;

    /// <summary>Null where every folder holds the names it should and no other.</summary>
    private static Verdict? Names(Fd root, long version)
    {
        foreach ((string path, HashSet<string> names) in DemoContent.FoldersOf(version))
        {
            string shown = path.Length == 0 ? "the folder" : path;
            Errno error = Fcntl.OpenAt2(root, Name.Of(path.Length == 0 ? "." : path), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, 0, out Fd folder);
            using Fd closing = folder;
            if (error != Errno.None)
                return Verdict.NotOpened(version, shown, error);
            if (Dirent.List(folder, names.Count + 1, out List<(Name Name, byte Type)> entries) is not Errno.None and var failed)
                return Verdict.Torn(version, $"{shown} cannot be listed: {failed.Describe()}");
            if (!names.SetEquals(entries.Select(entry => entry.Name.ToString())))
                return Verdict.Torn(version, $"{shown} of version {version} lists {string.Join(' ', entries.Select(entry => entry.Name))}");
        }
        return null;
    }

    /// <summary>As much as fits; less only at the end of the file.</summary>
    private Errno Fill(Fd file, out int length)
    {
        length = 0;
        while (length < ChunkLength)
        {
            Errno error = Unistd.Read(file, _read.AsSpan(length), out int got);
            if (error != Errno.None || got == 0)
                return error;
            length += got;
        }
        return Errno.None;
    }
}
