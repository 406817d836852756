namespace AtomikD.Commands;

/// <summary>Exit codes, those of sysexits.h.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Usage = 64;
    public const int NoDaemon = 69;
    public const int InputOutput = 74;
    public const int NotPermitted = 77;
    public const int Configuration = 78;

    /// <summary>Something else went wrong: worth a restart.</summary>
    public const int Failure = 1;

    /// <summary>Ended by Ctrl-C before its work was done, as shells have it.</summary>
    public const int Interrupted = 130;
}
