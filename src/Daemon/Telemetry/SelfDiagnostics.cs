using System.Reflection;

namespace AtomikD.Telemetry;

/// <summary>
/// The SDK looks every ten seconds, for as long as the process lives, whether OTEL_DIAGNOSTICS.json stands in the working folder. It has
/// no setting for that, and an idle service is to sleep. What the variables OTEL_DOTNET_SELF_DIAGNOSTICS_… ask for is not touched.
/// </summary>
internal static class SelfDiagnostics
{
    /// <summary>False: this version of the SDK has it elsewhere, and goes on looking.</summary>
    public static bool TryStopLooking()
    {
        object? instance = Type.GetType("OpenTelemetry.Internal.SelfDiagnostics, OpenTelemetry")?
            .GetField("Instance", BindingFlags.Static | BindingFlags.NonPublic)?.GetValue(null);
        object? refresher = Type.GetType("OpenTelemetry.Internal.SelfDiagnostics, OpenTelemetry")?
            .GetField("configRefresher", BindingFlags.Instance | BindingFlags.NonPublic)?.GetValue(instance);
        (refresher as IDisposable)?.Dispose();
        return refresher is IDisposable;
    }
}
