using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Trees;

/// <summary>
/// Runs a part of a test with the rights of another user on files: the kernel keeps that user per thread, and takes the
/// capabilities over files with it.
/// </summary>
internal static partial class Stranger
{
    public const uint Uid = ForeignUser.Stranger;

    [LibraryImport("libc")]
    private static partial int setfsuid(uint uid);

    [LibraryImport("libc")]
    private static partial int setfsgid(uint gid);

    public static void RunOrSkip(Action act)
    {
        Assert.SkipUnless(Native.IsRoot, "needs root to become another user");
        Run(act);
    }

    /// <summary>Where this is not root, it is another user already.</summary>
    public static void Run(Action act)
    {
        if (!Native.IsRoot)
        {
            act();
            return;
        }
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            setfsgid(Uid);
            setfsuid(Uid);
            try
            {
                act();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
