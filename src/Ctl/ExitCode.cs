namespace AtomikD.Ctl;

/// <summary>Exit codes, those of sysexits.h.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>None of those below.</summary>
    public const int Failure = 1;

    public const int Usage = 64;

    /// <summary>What was given cannot be published.</summary>
    public const int Data = 65;

    public const int NotFound = 66;

    public const int NoDaemon = 69;

    /// <summary>What stands at the destination is in the way.</summary>
    public const int CannotCreate = 73;

    public const int InputOutput = 74;

    /// <summary>Later it may work.</summary>
    public const int TryAgain = 75;

    public const int NotPermitted = 77;

    /// <summary>Ended by Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>The reader of the output has gone, as shells have it.</summary>
    public const int BrokenPipe = 141;

    /// <summary>Ended by SIGTERM, as shells have it.</summary>
    public const int Terminated = 143;
}
