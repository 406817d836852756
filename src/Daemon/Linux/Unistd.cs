using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>unistd.h: reading, writing, syncing, linking, owners.</summary>
internal static unsafe partial class Unistd
{
    [LibraryImport("libc")]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int folder, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int oldFolder, byte* oldName, int newFolder, byte* newName, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, int folder, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(int folder, byte* name, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(int fd, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(int folder, byte* name, uint owner, uint group, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(int source, long* sourceOffset, int target, long* targetOffset, nuint length, uint flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint GetEuid();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint GetEgid();

    /// <summary>The calling thread's number, as /proc/self/task lists it.</summary>
    [LibraryImport("libc", EntryPoint = "gettid")]
    public static partial int GetTid();

    public const int SEEK_SET = 0;
    public const int SEEK_CUR = 1;
    public const int SEEK_END = 2;
    public const int SEEK_DATA = 3;
    public const int SEEK_HOLE = 4;

    /// <summary>In chown: leave as it is.</summary>
    public const uint Unchanged = uint.MaxValue;

    private static Errno Last(bool ok) => ok ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>A failed fsync must never be tried again: the kernel has marked the pages clean.</summary>
    public static Errno Fsync(Fd file) => Last(fsync(file.Number) == 0);

    public static Errno Fdatasync(Fd file) => Last(fdatasync(file.Number) == 0);

    /// <summary>Reports the write-back errors since <paramref name="anyFile"/> was opened.</summary>
    public static Errno Syncfs(Fd anyFile) => Last(syncfs(anyFile.Number) == 0);

    public static Errno Read(Fd file, Span<byte> buffer, out int got)
    {
        fixed (byte* b = buffer)
        {
            nint n;
            do
                n = read(file.Number, b, (nuint)buffer.Length);
            while (n < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
            got = (int)Math.Max(n, 0);
            return Last(n >= 0);
        }
    }

    /// <summary>Writes all of it.</summary>
    public static Errno WriteAll(Fd file, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint n;
            fixed (byte* b = bytes)
                n = write(file.Number, b, (nuint)bytes.Length);
            if (n < 0 && Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                return (Errno)Marshal.GetLastPInvokeError();
            if (n > 0)
                bytes = bytes[(int)n..];
        }
        return Errno.None;
    }

    public static Errno Ftruncate(Fd file, long length) => Last(ftruncate(file.Number, length) == 0);

    public static Errno Lseek(Fd file, long offset, int whence, out long position)
    {
        position = lseek(file.Number, offset, whence);
        return Last(position >= 0);
    }

    public static Errno UnlinkAt(Fd folder, Name name, int flags = 0)
    {
        fixed (byte* n = name)
            return Last(unlinkat(folder.Number, n, flags) == 0);
    }

    public static Errno LinkAt(Fd oldFolder, Name oldName, Fd newFolder, Name newName)
    {
        fixed (byte* o = oldName)
        fixed (byte* n = newName)
            return Last(linkat(oldFolder.Number, o, newFolder.Number, n, 0) == 0);
    }

    public static Errno SymlinkAt(Name target, Fd folder, Name name)
    {
        fixed (byte* t = target)
        fixed (byte* n = name)
            return Last(symlinkat(t, folder.Number, n) == 0);
    }

    public static Errno ReadlinkAt(Fd folder, Name name, out Name target)
    {
        byte[] buffer = new byte[4096];
        fixed (byte* n = name)
        fixed (byte* b = buffer)
        {
            nint length = readlinkat(folder.Number, n, b, (nuint)buffer.Length);
            target = length >= 0 ? Name.Of(buffer.AsSpan(0, (int)length)) : Name.Empty;
            return Last(length >= 0);
        }
    }

    public static Errno FChown(Fd file, uint owner, uint group) => Last(fchown(file.Number, owner, group) == 0);

    /// <summary>Never follows a link.</summary>
    public static Errno FChownAt(Fd folder, Name name, uint owner, uint group)
    {
        fixed (byte* n = name)
            return Last(fchownat(folder.Number, n, owner, group, Fcntl.AT_SYMLINK_NOFOLLOW) == 0);
    }

    /// <summary>Copies from and to the descriptors' own positions; <paramref name="copied"/> is 0 at the end of the source.</summary>
    public static Errno CopyFileRange(Fd source, Fd target, long length, out long copied)
    {
        nint n = copy_file_range(source.Number, null, target.Number, null, (nuint)length, 0);
        copied = Math.Max(n, 0);
        return Last(n >= 0);
    }
}
