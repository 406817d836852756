namespace AtomikD.Support;

/// <summary>Runs a shell command as another user, who has no groups and no rights but those of the uid.</summary>
internal static class ForeignUser
{
    /// <summary>A uid that owns nothing on any machine that the tests run on.</summary>
    public const int Stranger = 64_123;

    public const int OtherStranger = 64_124;

    public static string? WhyNot => !Native.IsRoot ? "needs root to become another user" : Command.WhyNot("setpriv");

    /// <summary>The script may use <c>$1</c> and so on.</summary>
    public static CommandResult Run(int uid, string script, params string[] arguments) =>
        Command.Run(Command.Prepare("setpriv", [.. Prefix(uid), "sh", "-euc", script, "sh", .. arguments]), TimeSpan.FromMinutes(1));

    /// <summary>The arguments of setpriv before a command.</summary>
    public static string[] Prefix(int uid) =>
        [$"--reuid={uid}", $"--regid={uid}", "--clear-groups", "--inh-caps=-all", "--no-new-privs", "--"];
}
