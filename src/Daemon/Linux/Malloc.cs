using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>malloc.h: the C library keeps what was freed in its threads' arenas until it is asked.</summary>
internal static partial class Malloc
{
    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);

    /// <summary>Gives freed memory of native code back to the kernel.</summary>
    public static void Trim() => malloc_trim(0);
}
