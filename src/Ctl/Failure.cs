using System.ComponentModel;
using System.Text;
using AtomikD.Client;

namespace AtomikD.Ctl;

/// <summary>Why a command did not do what it was asked for, in words, and as an exit code.</summary>
internal sealed record Failure(string Reason, string Message, int ExitCode)
{
    public string Hint { get; init; } = "";

    public bool IsRetryable { get; init; }

    public string? Route { get; init; }

    public string? Name { get; init; }

    public string? Item { get; init; }

    /// <summary>Null for what is a defect.</summary>
    public static Failure? Of(Exception e) => e switch
    {
        AtomikException atomik => Of(atomik),
        UsageException => new("USAGE", e.Message, Ctl.ExitCode.Usage),
        FileNotFoundException or DirectoryNotFoundException => new(Word(AtomikReason.ItemNotFound), e.Message, Ctl.ExitCode.NotFound),
        UnauthorizedAccessException => new(Word(AtomikReason.NotPermitted), e.Message, Ctl.ExitCode.NotPermitted),
        IOException or Win32Exception => new(Word(AtomikReason.IoError), e.Message, Ctl.ExitCode.InputOutput),
        _ => null,
    };

    /// <summary>TARGET_EXISTS and so on, as receipts and logs spell it.</summary>
    public static string Word(AtomikReason reason)
    {
        var word = new StringBuilder();
        foreach (char c in reason.ToString())
        {
            if (char.IsAsciiLetterUpper(c) && word.Length > 0)
                word.Append('_');
            word.Append(char.ToUpperInvariant(c));
        }
        return word.ToString();
    }

    private static Failure Of(AtomikException e)
    {
        (string reason, int code) = e switch
        {
            { Reason: not AtomikReason.Unknown } => (Word(e.Reason), Code(e.Reason)),
            { IsNotReached: true, IsRetryable: false } => (Word(AtomikReason.NotPermitted), Ctl.ExitCode.NotPermitted),
            { InnerException: TimeoutException } => ("TIMED_OUT", Ctl.ExitCode.TryAgain),
            { IsNotReached: true } or { IsRetryable: true } => ("NO_DAEMON", Ctl.ExitCode.NoDaemon),
            _ => (Word(AtomikReason.Unknown), Ctl.ExitCode.Failure),
        };
        string hint = e switch
        {
            { IsNotReached: true, IsRetryable: true } =>
                "Start it (systemctl status atomikd), or say where its socket is: --socket PATH. In a container, mount the folder of the socket.",
            { Reason: AtomikReason.TargetExists } when e.Hint.StartsWith("To replace it", StringComparison.Ordinal) =>
                "To replace it: --overwrite, or --expect with the version that is live.",
            { IsOutcomeUnknown: true } => "It may have been done all the same: look with atomikctl versions.",
            _ => e.Hint,
        };
        return new Failure(reason, e.IsPublished ? $"{e.Message} The new version is live all the same." : e.Message, code)
        {
            Hint = hint,
            IsRetryable = e.IsRetryable,
            Route = e.Route,
            Name = e.Name,
            Item = e.ItemPath,
        };
    }

    private static int Code(AtomikReason reason) => reason switch
    {
        AtomikReason.BadMarker or AtomikReason.InvalidName or AtomikReason.ItemUnsupported or AtomikReason.ChecksumMismatch => Ctl.ExitCode.Data,
        AtomikReason.ItemNotFound or AtomikReason.VersionNotFound or AtomikReason.RouteNotFound => Ctl.ExitCode.NotFound,
        AtomikReason.TargetExists or AtomikReason.VersionMismatch or AtomikReason.CrossDevice => Ctl.ExitCode.CannotCreate,
        AtomikReason.IoError => Ctl.ExitCode.InputOutput,
        AtomikReason.Busy or AtomikReason.ItemBusy or AtomikReason.NoSpace or AtomikReason.Held or AtomikReason.Interrupted => Ctl.ExitCode.TryAgain,
        AtomikReason.NotPermitted => Ctl.ExitCode.NotPermitted,
        _ => Ctl.ExitCode.Failure,
    };
}
