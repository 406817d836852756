using System.Runtime.InteropServices;

namespace AtomikD.Demo;

/// <summary>
/// Whatever asks the demo to end cancels its token. The command line's own handlers come only once a command has begun to
/// wait, and the host's end the host alone: a signal in between would end the process with its folder left, or be lost.
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
            _source.Cancel();
        }))];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }
}
