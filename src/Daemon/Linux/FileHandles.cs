using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>name_to_handle_at: a number for a file that is not issued again when the inode number is.</summary>
internal static unsafe partial class FileHandles
{
    public const int MAX_HANDLE_SZ = 128;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int name_to_handle_at(int folder, byte* name, byte* handle, int* mountId, int flags);

    /// <summary>Type and bytes of the handle; empty where the file system has none. Needs no capability.</summary>
    public static byte[] Of(Fd folder, Name name)
    {
        byte* buffer = stackalloc byte[8 + MAX_HANDLE_SZ];
        int mountId;
        int empty = name.Length == 0 ? Fcntl.AT_EMPTY_PATH : 0;
        fixed (byte* n = name)
        {
            *(uint*)buffer = MAX_HANDLE_SZ;
            // AT_HANDLE_FID (Linux 6.5) is answered by overlay too; an older kernel says EINVAL.
            if (name_to_handle_at(folder.Number, n, buffer, &mountId, Fcntl.AT_HANDLE_FID | empty) != 0)
            {
                *(uint*)buffer = MAX_HANDLE_SZ;
                if (name_to_handle_at(folder.Number, n, buffer, &mountId, empty) != 0)
                    return [];
            }
        }
        // struct file_handle: handle_bytes 4, handle_type 4, then the bytes. The type is part of what is compared.
        return new ReadOnlySpan<byte>(buffer + 4, 4 + (int)*(uint*)buffer).ToArray();
    }
}
