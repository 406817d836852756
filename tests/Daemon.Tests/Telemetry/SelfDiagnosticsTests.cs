using Xunit;

namespace AtomikD.Telemetry;

public sealed class SelfDiagnosticsTests
{
    /// <summary>Where this fails after an update of the SDK, an idle service wakes every ten seconds again.</summary>
    [Fact]
    public void The_looking_is_found_and_stopped() => Assert.True(SelfDiagnostics.TryStopLooking());
}
