using AtomikD.Interop.Support;
using Xunit;

namespace AtomikD.Interop.Client;

public sealed class GrpcioServerTests(GrpcioServerTests.Run run) : ForeignServerTests(run), IClassFixture<GrpcioServerTests.Run>
{
    public sealed class Run : ForeignServerRun
    {
        private readonly Lazy<Grpcio> _grpcio = new(() => new Grpcio());

        protected override string? WhyNot => Grpcio.WhyNot;

        internal override ForeignServer Start() => new(socket => _grpcio.Value.Program("server.py", socket));

        protected override void Dispose(bool isDisposing)
        {
            base.Dispose(isDisposing);
            if (_grpcio.IsValueCreated)
                _grpcio.Value.Dispose();
        }
    }
}
