using AtomikD.Interop.Support;
using Xunit;

namespace AtomikD.Interop.Server;

/// <summary>Debian's grpcio as a client of the whole service: a test for each check of python/checks.py.</summary>
public sealed class GrpcioClientTests(GrpcioClientTests.Run run) : IClassFixture<GrpcioClientTests.Run>
{
    public static TheoryData<string> Checks => CheckNames.InPython("checks.py");

    [Theory]
    [MemberData(nameof(Checks))]
    public void Grpcio(string check) => run.Assert(check);

    public sealed class Run : IAsyncLifetime
    {
        private CheckedService? _service;
        private CheckReport? _report;

        public async ValueTask InitializeAsync()
        {
            if (Support.Grpcio.WhyNot is not null)
                return;
            using var grpcio = new Support.Grpcio();
            _service = await CheckedService.StartAsync();
            _report = CheckReport.Of(grpcio.Program("checks.py", _service.Plan), TimeSpan.FromMinutes(2));
        }

        internal void Assert(string check)
        {
            Xunit.Assert.SkipWhen(Support.Grpcio.WhyNot is not null, Support.Grpcio.WhyNot ?? "");
            _report!.Assert(check);
        }

        public async ValueTask DisposeAsync()
        {
            if (_service is not null)
                await _service.DisposeAsync();
        }
    }
}
