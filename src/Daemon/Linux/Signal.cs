using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>signal.h.</summary>
internal static partial class Signal
{
    public const int SIGIO = 29;
    public const nint SIG_IGN = 1;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint signal(int number, nint handler);

    /// <summary>Must run before the first lease: a lease being broken raises SIGIO, whose default action ends the process.</summary>
    public static void IgnoreSigio() => signal(SIGIO, SIG_IGN);
}
