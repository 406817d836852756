using System.Runtime.InteropServices;

namespace AtomikD.Ctl;

/// <summary>The first SIGINT or SIGTERM asks the command to end, the second one ends the process.</summary>
internal sealed class EndingSignals : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private int _signal;

    public EndingSignals()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
    }

    public CancellationToken Token => _ending.Token;

    public bool IsTerminated => (PosixSignal)Volatile.Read(ref _signal) == PosixSignal.SIGTERM;

    public int ExitCode => IsTerminated ? Ctl.ExitCode.Terminated : Ctl.ExitCode.Interrupted;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _ending.Dispose();
    }

    private void End(PosixSignalContext context)
    {
        if (Interlocked.CompareExchange(ref _signal, (int)context.Signal, 0) != 0)
            return;
        context.Cancel = true;
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command has ended meanwhile: a handler that has begun is not waited for by who takes it away.
        }
    }
}
