using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>sys/xattr.h.</summary>
internal static unsafe partial class SysXattr
{
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(int fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(int fd, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint flistxattr(int fd, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fremovexattr(int fd, byte* name);

    public static Errno FSetxattr(Fd file, Name name, ReadOnlySpan<byte> value)
    {
        fixed (byte* n = name)
        fixed (byte* v = value)
            return fsetxattr(file.Number, n, v, (nuint)value.Length, 0) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    public static Errno FGetxattr(Fd file, Name name, out byte[] value)
    {
        byte[] buffer = new byte[64 * 1024];
        fixed (byte* n = name)
        fixed (byte* v = buffer)
        {
            nint length = fgetxattr(file.Number, n, v, (nuint)buffer.Length);
            value = length >= 0 ? buffer[..(int)length] : [];
            return length >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        }
    }

    public static Errno FListxattr(Fd file, out List<Name> names)
    {
        byte[] buffer = new byte[64 * 1024];
        nint length;
        fixed (byte* b = buffer)
            length = flistxattr(file.Number, b, (nuint)buffer.Length);
        names = length >= 0 ? Split(buffer.AsSpan(0, (int)length)) : [];
        return length >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    private static List<Name> Split(ReadOnlySpan<byte> list)
    {
        var names = new List<Name>();
        while (!list.IsEmpty)
        {
            int end = list.IndexOf((byte)0);
            names.Add(Name.Of(list[..end]));
            list = list[(end + 1)..];
        }
        return names;
    }

    public static Errno FRemovexattr(Fd file, Name name)
    {
        fixed (byte* n = name)
            return fremovexattr(file.Number, n) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    // For a symbolic link there is no descriptor that these calls take: its folder's entry in /proc leads to it.

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* list, nuint size);

    private static Name PathOf(Fd folder, Name link) => Name.Of($"/proc/self/fd/{folder.Number}/").With(link.Bytes);

    public static Errno LSetxattr(Fd folder, Name link, Name name, ReadOnlySpan<byte> value)
    {
        fixed (byte* p = PathOf(folder, link))
        fixed (byte* n = name)
        fixed (byte* v = value)
            return lsetxattr(p, n, v, (nuint)value.Length, 0) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    public static Errno LGetxattr(Fd folder, Name link, Name name, out byte[] value)
    {
        byte[] buffer = new byte[64 * 1024];
        fixed (byte* p = PathOf(folder, link))
        fixed (byte* n = name)
        fixed (byte* v = buffer)
        {
            nint length = lgetxattr(p, n, v, (nuint)buffer.Length);
            value = length >= 0 ? buffer[..(int)length] : [];
            return length >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        }
    }

    public static Errno LListxattr(Fd folder, Name link, out List<Name> names)
    {
        byte[] buffer = new byte[64 * 1024];
        nint length;
        fixed (byte* p = PathOf(folder, link))
        fixed (byte* b = buffer)
            length = llistxattr(p, b, (nuint)buffer.Length);
        names = length >= 0 ? Split(buffer.AsSpan(0, (int)length)) : [];
        return length >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }
}
