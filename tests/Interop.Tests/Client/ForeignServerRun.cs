using AtomikD.Interop.Probing;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.Interop.Client;

/// <summary>One server and one channel for the tests of a class.</summary>
public abstract class ForeignServerRun : IDisposable
{
    private readonly Lazy<ForeignServer> _server;
    private readonly Lazy<GrpcChannel> _channel;

    protected ForeignServerRun()
    {
        _server = new Lazy<ForeignServer>(Start);
        _channel = new Lazy<GrpcChannel>(() => _server.Value.Channel());
    }

    /// <summary>Why there is no such server here, or null.</summary>
    protected abstract string? WhyNot { get; }

    internal abstract ForeignServer Start();

    internal Probe.ProbeClient ClientOrSkip()
    {
        Assert.SkipWhen(WhyNot is not null, WhyNot ?? "");
        return new Probe.ProbeClient(_channel.Value);
    }

    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool isDisposing)
    {
        if (!isDisposing || !_server.IsValueCreated)
            return;
        if (_channel.IsValueCreated)
            _channel.Value.Dispose();
        _server.Value.Dispose();
    }
}
