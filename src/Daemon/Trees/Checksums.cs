using System.Buffers;
using System.Security.Cryptography;
using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Compares an item with the SHA-256 that its producer told: a file's own, or that of a folder's SHA256SUMS.</summary>
internal static class Checksums
{
    private const int BufferSize = 128 * 1024;

    private const string Hint = "Stage the item anew, whole, with its checksum, and mark it again.";

    private static readonly Name s_list = Name.Of("SHA256SUMS");

    /// <param name="expected">64 hexadecimal digits.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static Refusal? Verify(Fd root, FileStatus rootStatus, string shownPath, string expected, CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            return rootStatus.IsFolder
                ? VerifyFolder(root, rootStatus, shownPath, expected, buffer, stop)
                : VerifyFile(root, shownPath, expected, buffer, stop);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Refusal? VerifyFile(Fd file, string path, string expected, byte[] buffer, CancellationToken stop)
    {
        if (Hash(file, buffer, stop, out UInt256 digest) is not Errno.None and var error)
            return TreeRefusals.From(error, "read", path);
        return digest.Is(expected) ? null : Differs(path, expected, digest);
    }

    private static Refusal? VerifyFolder(Fd root, in FileStatus rootStatus, string shownPath, string expected, byte[] buffer, CancellationToken stop)
    {
        string listPath = $"{shownPath}/{s_list}";
        Errno error = Fcntl.OpenBeneath(root, s_list, Fcntl.O_RDONLY, out Fd opened);
        using Fd list = opened;
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(list, out status);
        if (error == Errno.ENOENT)
            return Mismatch($"{shownPath} has no file {s_list}, which its checksum speaks of");
        if (error == Errno.ELOOP || (error == Errno.None && !status.IsFile))
            return Mismatch($"{listPath} is not a regular file");
        if (error != Errno.None)
            return TreeRefusals.From(error, "read", listPath);

        var sums = new ChecksumList();
        error = sums.Read(list, buffer, stop, out UInt256 digest);
        if (error != Errno.None)
            return TreeRefusals.From(error, "read", listPath);
        // Of what is not the producer's list nothing is told, not even where it is wrong.
        if (!digest.Is(expected))
            return Differs(listPath, expected, digest);
        if (sums.Fault is { } fault)
            return Mismatch($"{listPath}, {fault}");
        return VerifyEntries(root, rootStatus, shownPath, sums, buffer, stop) ??
            (sums.FirstUnseenLine is { } line ? Mismatch($"{listPath}, line {line}: there is no such regular file") : null);
    }

    private static Refusal? VerifyEntries(Fd root, in FileStatus rootStatus, string shownPath, ChecksumList sums, byte[] buffer,
        CancellationToken stop)
    {
        using var walk = new TreeWalk(root, rootStatus, shownPath, look: false);
        var paths = new Stack<byte[]>();
        while (walk.Next())
        {
            stop.ThrowIfCancellationRequested();
            switch (walk.Step)
            {
                case Step.Folder:
                    paths.Push(walk.Depth == 0 ? [] : [.. paths.Peek(), .. walk.Name.Bytes, (byte)'/']);
                    break;
                case Step.FolderEnd:
                    paths.Pop();
                    break;
                case Step.Entry when walk.Type == Dirent.DT_REG && !(walk.Depth == 0 && walk.Name.Equals(s_list)):
                    if (VerifyEntry(walk, rootStatus, [.. paths.Peek(), .. walk.Name.Bytes], sums, buffer, stop) is { } refusal)
                        return refusal;
                    break;
                case Step.Trouble:
                    return walk.Refuse();
            }
        }
        return null;
    }

    private static Refusal? VerifyEntry(TreeWalk walk, in FileStatus root, byte[] path, ChecksumList sums, byte[] buffer, CancellationToken stop)
    {
        if (!sums.Take(path, out UInt256 expected))
            return Mismatch($"{walk.Path} is not listed in {s_list}");
        Errno error = Fcntl.OpenBeneath(walk.Folder, walk.Name, Fcntl.O_RDONLY, out Fd file);
        using Fd _ = file;
        FileStatus status = default;
        if (error == Errno.None)
            error = Stat.FStat(file, out status);
        UInt256 digest = default;
        if (error == Errno.None && !status.IsFile)
            return TreeRefusals.Changed(walk.Path);
        if (error == Errno.None && TreeWalk.IsForeign(status, root))
            return TreeRefusals.MountPoint(walk.Path);
        if (error == Errno.None)
            error = Hash(file, buffer, stop, out digest);
        if (error != Errno.None)
            return TreeRefusals.From(error, "read", walk.Path);
        return digest.Equals(expected) ? null : Differs(walk.Path, expected.ToString(), digest);
    }

    private static Errno Hash(Fd file, byte[] buffer, CancellationToken stop, out UInt256 digest)
    {
        digest = default;
        if (Unistd.Lseek(file, 0, Unistd.SEEK_SET, out _) is not Errno.None and var seek)
            return seek;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            if (Unistd.Read(file, buffer, out int got) is not Errno.None and var error)
                return error;
            if (got == 0)
                break;
            hash.AppendData(buffer, 0, got);
        }
        digest = UInt256.Of(hash);
        return Errno.None;
    }

    private static Refusal Mismatch(string what) => new(Reason.ChecksumMismatch, $"{what}.", Hint);

    private static Refusal Differs(string path, string expected, in UInt256 digest) =>
        Mismatch($"{path} has the SHA-256 {digest}, expected was {expected.ToLowerInvariant()}");
}
