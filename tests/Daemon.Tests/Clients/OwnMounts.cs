using AtomikD.Support;

namespace AtomikD.Clients;

/// <summary>Runs a shell script in a mount namespace of its own: what it mounts is gone with it.</summary>
internal static class OwnMounts
{
    public static string? WhyNot => !Native.IsRoot ? "needs root to mount" : Command.WhyNot("unshare", "mount", "umount");

    /// <summary>The script may use <c>$1</c> and so on.</summary>
    public static CommandResult Run(string script, params string[] arguments) =>
        Command.Run(Command.Prepare("unshare", ["--mount", "--propagation", "private", "sh", "-euc", script, "sh", .. arguments]), TimeSpan.FromMinutes(1));
}
