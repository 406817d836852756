using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using AtomikD.Engine;
using AtomikD.Journal;
using AtomikD.Linux;
using Microsoft.Extensions.Logging;

namespace AtomikD.Systemd;

/// <summary>
/// What <c>atomikd backup</c> asks: a copy of the journal, made while commits go on and sent to the caller, who writes it where he may.
/// The service itself may write next to nowhere.
/// </summary>
internal sealed class BackupService(EngineService service, ILogger<BackupService> logger) : IDoorService
{
    public const string Asked = "backup";
    public const string Copy = "copy ";
    public const string Refused = "refused ";

    /// <summary>Who takes nothing for so long keeps the disk from getting the copy's space back.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    public string Word => Asked;

    /// <summary>"copy LENGTH" on a line and so many bytes, or "refused" and why.</summary>
    public async Task AnswerAsync(NetworkStream caller, CancellationToken cancellation)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _ = CancelWhenGoneAsync(caller, gone);
        long begun = Stopwatch.GetTimestamp();
        Fd file;
        try
        {
            file = await Task.Run(() => service.Engine!.Journal.Copy(gone.Token), CancellationToken.None);
        }
        catch (JournalException e)
        {
            Log.NotBackedUp(logger, e.Message);
            await SayAsync($"{Refused}{e.Message}");
            return;
        }
        using (file)
        {
            TimeSpan took = Stopwatch.GetElapsedTime(begun);
            if (Unistd.Lseek(file, 0, Unistd.SEEK_END, out long length) != Errno.None || Unistd.Lseek(file, 0, Unistd.SEEK_SET, out _) != Errno.None)
                length = 0;
            await SayAsync(string.Create(CultureInfo.InvariantCulture, $"{Copy}{length}"));
            await SendAsync(file, caller, gone.Token);
            Log.BackedUp(logger, length >> 10, (long)took.TotalMilliseconds);
        }

        Task SayAsync(string line) => caller.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), gone.Token).AsTask();
    }

    private static async Task SendAsync(Fd file, NetworkStream caller, CancellationToken cancellation)
    {
        var piece = new byte[256 << 10];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        while (true)
        {
            if (Unistd.Read(file, piece, out int got) is not Errno.None and var error)
                throw new IOException($"the copy cannot be read: {error.Describe()}");
            if (got == 0)
                return;
            limit.CancelAfter(s_patience);
            await caller.WriteAsync(piece.AsMemory(0, got), limit.Token);
        }
    }

    /// <summary>The caller says nothing more; when its end closes, nobody wants the copy.</summary>
    private static async Task CancelWhenGoneAsync(NetworkStream caller, CancellationTokenSource gone)
    {
        try
        {
            _ = await caller.ReadAsync(new byte[1], gone.Token);
            await gone.CancelAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It is over.
        }
    }
}
