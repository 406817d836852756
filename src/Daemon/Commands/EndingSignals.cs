using System.Runtime.InteropServices;

namespace AtomikD.Commands;

/// <summary>
/// Whatever asks a command to end cancels its token, from the first moment on. The command line's own handlers come only once a command has begun to
/// wait, and the host's end the host alone: a signal in between would end the process with what it has made left behind, or be lost.
/// </summary>
internal sealed class EndingSignals : IDisposable
{
    private static readonly PosixSignal[] s_all = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _registrations;

    public EndingSignals(CancellationToken cancellation)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _registrations = [.. s_all.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            End();
        }))];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>A handler that has begun is not waited for by who takes it away.</summary>
    private void End()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command has ended meanwhile: the command line heard of the same signal.
        }
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }
}
