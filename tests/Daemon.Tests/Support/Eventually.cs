using System.Diagnostics;
using Xunit;

namespace AtomikD.Support;

/// <summary>
/// Waits, for a bounded time, for a state of the file system that another process brings about. It is the one place where a
/// test looks again and again; where the code under test can tell, wait for that instead.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan s_default = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    public static void True(Func<bool> condition, string what, TimeSpan? timeout = null)
    {
        if (!Becomes(condition, timeout ?? s_default))
            Assert.Fail($"not within {timeout ?? s_default}: {what}");
    }

    /// <summary>The first value that is not null.</summary>
    public static T NotNull<T>(Func<T?> look, string what, TimeSpan? timeout = null)
        where T : class
    {
        T? found = null;
        True(() => (found = look()) is not null, what, timeout);
        return found!;
    }

    public static bool Becomes(Func<bool> condition, TimeSpan timeout)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (condition())
                return true;
            if (waited.Elapsed > timeout)
                return false;
            Thread.Sleep(s_pause);
        }
    }
}
