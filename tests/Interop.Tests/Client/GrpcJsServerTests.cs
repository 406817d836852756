using AtomikD.Interop.Support;
using Xunit;

namespace AtomikD.Interop.Client;

public sealed class GrpcJsServerTests(GrpcJsServerTests.Run run) : ForeignServerTests(run), IClassFixture<GrpcJsServerTests.Run>
{
    public sealed class Run : ForeignServerRun
    {
        protected override string? WhyNot => NodePackages.WhyNot;

        internal override ForeignServer Start() => new(socket => NodePackages.Program("server.js", socket));
    }
}
