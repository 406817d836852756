using Xunit;

namespace AtomikD.Linux;

public sealed class PollTests
{
    [Fact]
    public void A_signalled_eventfd_wakes_and_a_drained_one_does_not()
    {
        Assert.Equal(Errno.None, Poll.EventFd(out Fd first));
        Assert.Equal(Errno.None, Poll.EventFd(out Fd second));
        using (first)
        using (second)
        {
            Assert.Equal(Errno.None, Poll.Wait(first, second, 0, out bool one, out bool two));
            Assert.Equal((false, false), (one, two));
            Poll.Signal(second);
            Poll.Signal(second);
            Assert.Equal(Errno.None, Poll.Wait(first, second, -1, out one, out two));
            Assert.Equal((false, true), (one, two));
            Poll.Drain(second);
            Assert.Equal(Errno.None, Poll.Wait(first, second, 0, out one, out two));
            Assert.Equal((false, false), (one, two));
        }
    }

    [Fact]
    public void Another_thread_wakes_the_waiting_one()
    {
        Assert.Equal(Errno.None, Poll.EventFd(out Fd wake));
        using (wake)
        {
            var waker = new Thread(() => Poll.Signal(wake));
            waker.Start();
            Assert.Equal(Errno.None, Poll.Wait(wake, wake, 10_000, out bool woken, out _));
            Assert.True(woken);
            waker.Join();
        }
    }
}
