using System.Globalization;
using Xunit;

namespace AtomikD.Linux;

public sealed class TimeTests
{
    [Fact]
    public void The_boot_clock_is_the_uptime()
    {
        TimeSpan before = Time.Now(Time.CLOCK_BOOTTIME);
        var uptime = TimeSpan.FromSeconds(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture));
        TimeSpan after = Time.Now(Time.CLOCK_BOOTTIME);
        // The file has two digits after the point.
        Assert.InRange(uptime, before - TimeSpan.FromMilliseconds(10), after);
    }

    [Fact]
    public void Timestamps_are_ordered_and_converted()
    {
        var time = new Timestamp(1_700_000_000, 123_456_700);
        Assert.Equal(time, Timestamp.From(time.ToDateTimeOffset()));
        Assert.True(new Timestamp(2, 0) > new Timestamp(1, 999_999_999));
        Assert.True(new Timestamp(1, 2) >= new Timestamp(1, 2));
        Assert.True(new Timestamp(-1, 5) < new Timestamp(0, 0));
    }
}
