using System.Globalization;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class SignalTests
{
    [Fact]
    public void Sigio_is_ignored_by_the_whole_process()
    {
        Signal.IgnoreSigio();
        string mask = File.ReadLines("/proc/self/status").Single(l => l.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim();
        ulong ignored = ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Assert.NotEqual(0ul, ignored & (1ul << (Signal.SIGIO - 1)));
    }

    [Fact]
    public void The_process_survives_the_signal()
    {
        Signal.IgnoreSigio();
        Assert.Equal(Errno.None, Native.Kill(Environment.ProcessId, Signal.SIGIO));
    }
}
