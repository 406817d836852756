using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>stdio.h: the one call that this service is about.</summary>
internal static unsafe partial class Stdio
{
    public const uint RENAME_NOREPLACE = 1;
    public const uint RENAME_EXCHANGE = 2;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat2(int oldFolder, byte* oldName, int newFolder, byte* newName, uint flags);

    /// <summary>Flags 0 replaces, RENAME_NOREPLACE creates only, RENAME_EXCHANGE swaps. EXCHANGE undoes itself when repeated.</summary>
    public static Errno RenameAt2(Fd oldFolder, Name oldName, Fd newFolder, Name newName, uint flags)
    {
        fixed (byte* o = oldName)
        fixed (byte* n = newName)
            return renameat2(oldFolder.Number, o, newFolder.Number, n, flags) == 0
                ? Errno.None
                : (Errno)Marshal.GetLastPInvokeError();
    }
}
