using System.Buffers;
using System.Security.Cryptography;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>
/// A SHA256SUMS as coreutils writes it: digest, a blank, a blank or <c>*</c>, name; a line that begins with a backslash has
/// its name escaped. Names are kept by their hash, so that a list of millions stays small.
/// </summary>
internal sealed class ChecksumList
{
    private const int DigestLength = 64;
    private const int MaxLine = 1 << 20;

    private readonly Dictionary<UInt128, (UInt256 Digest, int Line)> _files = [];
    private byte[] _line = new byte[512];
    private int _length;
    private int _lines;

    /// <summary>The first line that cannot be taken, in words; null where there is none.</summary>
    public string? Fault { get; private set; }

    /// <summary>The first line whose file was not asked for.</summary>
    public int? FirstUnseenLine => _files.Count == 0 ? null : _files.Values.Min(file => file.Line);

    public Errno Read(Fd list, byte[] buffer, CancellationToken stop, out UInt256 digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int got;
        do
        {
            stop.ThrowIfCancellationRequested();
            if (Unistd.Read(list, buffer, out got) is not Errno.None and var error)
            {
                digest = default;
                return error;
            }
            hash.AppendData(buffer, 0, got);
            Split(buffer.AsSpan(0, got));
        }
        while (got > 0);
        if (_length > 0)
            EndLine();
        digest = UInt256.Of(hash);
        return Errno.None;
    }

    /// <summary>The digest of a file, once: false where it is not listed.</summary>
    /// <param name="path">Relative, without <c>.</c> and <c>..</c>.</param>
    public bool Take(ReadOnlySpan<byte> path, out UInt256 digest)
    {
        bool known = _files.Remove(Key(path), out (UInt256 Digest, int Line) file);
        digest = file.Digest;
        return known;
    }

    private void Split(ReadOnlySpan<byte> bytes)
    {
        while (Fault is null && !bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
            Append(part);
            bytes = bytes[part.Length..];
            if (end < 0 || Fault is not null)
                continue;
            EndLine();
            bytes = bytes[1..];
        }
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        if (_length + part.Length > MaxLine)
        {
            Refuse("is longer than 1 MiB");
            return;
        }
        if (_line.Length < _length + part.Length)
            Array.Resize(ref _line, Math.Max(_line.Length * 2, _length + part.Length));
        part.CopyTo(_line.AsSpan(_length));
        _length += part.Length;
    }

    private void EndLine()
    {
        Span<byte> line = _line.AsSpan(0, _length);
        _length = 0;
        bool escaped = line.StartsWith("\\"u8);
        if (escaped)
            line = line[1..];
        Span<byte> digest = stackalloc byte[DigestLength / 2];
        if (line.Length <= DigestLength + 2 || line[DigestLength] != ' ' || line[DigestLength + 1] is not ((byte)' ' or (byte)'*') ||
            Convert.FromHexString(line[..DigestLength], digest, out _, out _) != OperationStatus.Done)
        {
            Refuse("is not a digest, two blanks (or a blank and *) and a name");
            return;
        }
        Span<byte> name = line[(DigestLength + 2)..];
        if (escaped && !Unescape(ref name))
            Refuse("has an escape that is neither \\\\ nor \\n nor \\r");
        else if (!Normalize(ref name))
            Refuse("has a name that is absolute, empty or holds \"..\"");
        else if (name.SequenceEqual("SHA256SUMS"u8))
            Refuse("lists SHA256SUMS itself");
        else if (!_files.TryAdd(Key(name), (UInt256.Of(digest), _lines + 1)))
            Refuse("lists a file a second time");
        else if (++_lines > TreeWalk.MaxEntries)
            Refuse("is one too many");
    }

    private void Refuse(string what) => Fault ??= $"line {_lines + 1} {what}";

    private static bool Unescape(ref Span<byte> name)
    {
        int to = 0;
        for (int from = 0; from < name.Length; from++)
        {
            byte b = name[from];
            if (b == '\\')
            {
                b = ++from == name.Length ? (byte)0 : name[from] switch
                {
                    (byte)'\\' => (byte)'\\',
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    _ => (byte)0,
                };
                if (b == 0)
                    return false;
            }
            name[to++] = b;
        }
        name = name[..to];
        return true;
    }

    /// <summary>Takes out <c>.</c> and doubled slashes, as in <c>./a//b</c>.</summary>
    private static bool Normalize(ref Span<byte> name)
    {
        if (name[0] == '/')
            return false;
        int to = 0;
        Span<byte> rest = name;
        while (!rest.IsEmpty)
        {
            int slash = rest.IndexOf((byte)'/');
            Span<byte> part = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? [] : rest[(slash + 1)..];
            if (part.SequenceEqual(".."u8) || (part.SequenceEqual("."u8) && rest.IsEmpty))
                return false;
            if (part.IsEmpty || part.SequenceEqual("."u8))
                continue;
            if (to > 0)
                name[to++] = (byte)'/';
            part.CopyTo(name[to..]);
            to += part.Length;
        }
        name = name[..to];
        return to > 0;
    }

    /// <summary>Half of a SHA-256: no two names of one list share it.</summary>
    private static UInt128 Key(ReadOnlySpan<byte> name)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(name, hash);
        return UInt256.Of(hash).High;
    }
}
