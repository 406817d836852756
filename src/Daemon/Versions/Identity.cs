using System.Buffers.Binary;
using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>
/// Which file this is, for ever, within one vault: inode, file handle and birth time. Inode numbers are issued again at
/// once (ext4), handles too after a power cut (btrfs); device numbers change with every mount, so none is kept.
/// </summary>
internal readonly struct Identity : IEquatable<Identity>
{
    private readonly byte[]? _handle;

    public Identity(ulong inode, Timestamp born, byte[] handle)
    {
        Inode = inode;
        Born = born;
        _handle = handle;
    }

    public ulong Inode { get; }

    public Timestamp Born { get; }

    public ReadOnlySpan<byte> Handle => _handle;

    /// <summary>Nothing stands there.</summary>
    public bool IsNone => Inode == 0;

    /// <summary>The identity of a name in a folder, or of the descriptor itself where the name is empty.</summary>
    public static Identity Of(Fd folder, Name name, in FileStatus status) =>
        new(status.Inode, status.Born, FileHandles.Of(folder, name));

    /// <summary>For what lives for a moment: the handle is asked for only where the file system keeps no birth time.</summary>
    public static Identity Brief(Fd folder, Name name, in FileStatus status) =>
        status.Born == default ? Of(folder, name, status) : new(status.Inode, status.Born, []);

    /// <summary>A look that costs no second call: is what statx told of the file meant here?</summary>
    public bool Matches(in FileStatus status) => Inode == status.Inode && Born == status.Born;

    /// <summary>Equal handles are asked for only where both sides have one.</summary>
    public bool Equals(Identity other) => Inode == other.Inode && Born == other.Born &&
        (Handle.IsEmpty || other.Handle.IsEmpty || Handle.SequenceEqual(other.Handle));

    public override bool Equals(object? obj) => obj is Identity other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Inode, Born);

    public static bool operator ==(Identity a, Identity b) => a.Equals(b);

    public static bool operator !=(Identity a, Identity b) => !a.Equals(b);

    /// <summary>As the journal keeps it: inode 8, birth 8 + 4, handle the rest, little endian. Nothing is an empty array.</summary>
    public byte[] ToBytes()
    {
        if (IsNone)
            return [];
        var bytes = new byte[20 + Handle.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Inode);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), Born.Seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), Born.Nanoseconds);
        Handle.CopyTo(bytes.AsSpan(20));
        return bytes;
    }

    public static Identity FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length < 20
        ? default
        : new Identity(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..])),
            bytes[20..].ToArray());

    public override string ToString() => IsNone ? "none" : $"inode {Inode}, born {Born.Seconds}.{Born.Nanoseconds:d9}";
}
