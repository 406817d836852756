using AtomikD.Interop.Support;
using Xunit;

namespace AtomikD.Interop.Server;

/// <summary>npm's grpc-js as a client of the whole service: a test for each check of node/checks.js.</summary>
public sealed class GrpcJsClientTests(GrpcJsClientTests.Run run) : IClassFixture<GrpcJsClientTests.Run>
{
    public static TheoryData<string> Checks => CheckNames.InNode("checks.js");

    [Theory]
    [MemberData(nameof(Checks))]
    public void GrpcJs(string check) => run.Assert(check);

    public sealed class Run : IAsyncLifetime
    {
        private CheckedService? _service;
        private CheckReport? _report;

        public async ValueTask InitializeAsync()
        {
            if (NodePackages.WhyNot is not null)
                return;
            _service = await CheckedService.StartAsync();
            _report = CheckReport.Of(NodePackages.Program("checks.js", _service.Plan), TimeSpan.FromMinutes(2));
        }

        internal void Assert(string check)
        {
            Xunit.Assert.SkipWhen(NodePackages.WhyNot is not null, NodePackages.WhyNot ?? "");
            _report!.Assert(check);
        }

        public async ValueTask DisposeAsync()
        {
            if (_service is not null)
                await _service.DisposeAsync();
        }
    }
}
