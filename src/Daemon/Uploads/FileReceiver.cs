using AtomikD.Commits;
using AtomikD.Linux;

namespace AtomikD.Uploads;

/// <summary>Receives a file's bytes.</summary>
internal static class FileReceiver
{
    private const uint Mode = 0x1A4;

    public static async Task<Refusal?> ReceiveAsync(UploadStream input, Fd file, string shownPath, UploadOwner owner, CancellationToken stop)
    {
        (_, Refusal? refusal) = await ContentWriter.CopyAsync(input, file, shownPath, stop);
        if ((input.Refusal ?? refusal) is { } told)
            return told;
        Errno error = Stat.FChmod(file, Mode);
        if (error == Errno.None)
            error = owner.Give(file);
        return error == Errno.None ? null : UploadRefusals.From(error, $"set owner and mode of {shownPath}");
    }
}
