using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Uploads;

/// <summary>What is told when an upload cannot be taken. Its sender knows of no staging folder and of no marker.</summary>
internal static class UploadRefusals
{
    public static Refusal Unsupported(string message, string hint) => new(Reason.ItemUnsupported, message, hint);

    public static Refusal InvalidName(string message) =>
        new(Reason.InvalidName, message, "An archive holds paths below its top: no \"..\", not absolute, each name of at most 255 bytes.");

    public static Refusal Damaged(string message) => Unsupported(message, "Send one whole tar archive (pax, GNU or ustar, not compressed).");

    public static Refusal CutShort(string message) => Unsupported(message, "Send all of it, again from the start.");

    public static Refusal Stopped(string route) =>
        new(Reason.Busy, $"Route {route} takes no commits now.", "Upload again once it is served.");

    /// <summary>For a system call that failed: <paramref name="doing"/> reads like "write a/b of the upload of x".</summary>
    public static Refusal From(Errno error, string doing) => InItsWords(Refusal.From(error, doing));

    /// <summary>Most of the engine's refusals advise those who stage and mark.</summary>
    public static Refusal InItsWords(Refusal refusal) => !refusal.Hint.Contains("mark", StringComparison.Ordinal) ? refusal : refusal.Reason switch
    {
        Reason.ItemUnsupported => refusal with { Hint = "Upload it without what is named." },
        Reason.InvalidName => refusal with { Hint = "Choose another name." },
        Reason.ChecksumMismatch => refusal with { Hint = "Upload it again, with the checksum of what is sent." },
        Reason.NotPermitted => refusal with { Hint = "Give the daemon's user the rights it lacks; `atomikd check` names them." },
        Reason.NoSpace => refusal with { Hint = "Free space on the target's file system (or raise the quota), then upload again." },
        Reason.Busy or Reason.ItemBusy or Reason.ItemNotFound or Reason.Interrupted => refusal with { Hint = "Upload it again once what is named is over." },
        _ => refusal with { Hint = "Look into the daemon's log and the kernel's, then upload again." },
    };
}
