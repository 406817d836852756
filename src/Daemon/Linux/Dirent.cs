using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>dirent.h: listing a folder, names as bytes.</summary>
internal static unsafe partial class Dirent
{
    public const byte DT_UNKNOWN = 0;
    public const byte DT_FIFO = 1;
    public const byte DT_CHR = 2;
    public const byte DT_DIR = 4;
    public const byte DT_BLK = 6;
    public const byte DT_REG = 8;
    public const byte DT_LNK = 10;
    public const byte DT_SOCK = 12;

    // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name.
    public const int OffOffset = 8;
    public const int ReclenOffset = 16;
    public const int TypeOffset = 18;
    public const int NameOffset = 19;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int fd, byte* buffer, nuint size);

    /// <summary>Called for each name but <c>.</c> and <c>..</c>; false ends the listing.</summary>
    public delegate bool Visitor(ReadOnlySpan<byte> name, byte type);

    /// <summary>Reads the names from where the descriptor stands, as many as fit; a length of 0 is the end.</summary>
    public static Errno Read(Fd folder, byte[] buffer, out int length)
    {
        nint got;
        fixed (byte* b = buffer)
            got = getdents64(folder.Number, b, (nuint)buffer.Length);
        length = (int)Math.Max(got, 0);
        return got >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    /// <summary>Takes one name out of what <see cref="Read"/> has read; <paramref name="position"/> is where a seek goes on after it.</summary>
    public static ReadOnlySpan<byte> Next(byte[] buffer, ref int at, out byte type, out long position)
    {
        position = BinaryPrimitives.ReadInt64LittleEndian(buffer.AsSpan(at + OffOffset));
        int reclen = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + ReclenOffset));
        type = buffer[at + TypeOffset];
        ReadOnlySpan<byte> name = buffer.AsSpan(at + NameOffset, reclen - NameOffset);
        at += reclen;
        return name[..name.IndexOf((byte)0)];
    }

    public static bool IsDots(ReadOnlySpan<byte> name) => name.SequenceEqual("."u8) || name.SequenceEqual(".."u8);

    /// <summary>Lists an open folder from its start.</summary>
    public static Errno List(Fd folder, Visitor visit)
    {
        if (Unistd.Lseek(folder, 0, Unistd.SEEK_SET, out _) is not Errno.None and var seek)
            return seek;
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (true)
            {
                if (Read(folder, buffer, out int length) is not Errno.None and var error)
                    return error;
                if (length == 0)
                    return Errno.None;
                for (int at = 0; at < length;)
                {
                    ReadOnlySpan<byte> name = Next(buffer, ref at, out byte type, out _);
                    if (!IsDots(name) && !visit(name, type))
                        return Errno.None;
                }
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>All names of a folder, at most <paramref name="limit"/> of them.</summary>
    public static Errno List(Fd folder, int limit, out List<(Name Name, byte Type)> entries)
    {
        var found = new List<(Name, byte)>();
        entries = found;
        return List(folder, (name, type) =>
        {
            found.Add((Name.Of(name), type));
            return found.Count < limit;
        });
    }
}
