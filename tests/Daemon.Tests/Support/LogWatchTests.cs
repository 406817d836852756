using Microsoft.Extensions.Logging;
using Xunit;

namespace AtomikD.Support;

public sealed class LogWatchTests
{
    [Fact]
    public void An_error_that_was_not_expected_fails()
    {
        using var watch = new LogWatch();
        using ILoggerFactory loggers = watch.NewFactory();
        loggers.CreateLogger("test").Log(LogLevel.Error, new EventId(1, "DiskGone"), "The disk of {Route} has gone", "site");
        Assert.ThrowsAny<Exception>(watch.AssertNoUnexpectedErrors);
        watch.Expect("DiskGone").AssertNoUnexpectedErrors();
    }

    [Fact]
    public void A_record_is_waited_for()
    {
        using var watch = new LogWatch();
        using ILoggerFactory loggers = watch.NewFactory();
        ILogger logger = loggers.CreateLogger("test");
        var writer = new Thread(() => logger.Log(LogLevel.Information, new EventId(2, "Committed"), "{Route} committed", "site"));
        writer.Start();
        Assert.Equal("site", watch.WaitFor("Committed").Values["Route"]);
        writer.Join();
        Assert.Throws<TimeoutException>(() => watch.WaitFor("Never", TimeSpan.FromMilliseconds(20)));
    }
}
