using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace AtomikD.Client.Internal;

/// <summary>
/// Drops a marker, waits until it has gone, and reads the receipt. That nothing is to be seen any more is not taken for an answer:
/// a staging folder that was unmounted looks the same.
/// </summary>
internal sealed class MarkerDoor(TimeSpan timeout, ILogger logger) : ICommitDoor
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(50);

    public async Task<CommittedVersion> CommitAsync(string route, string path, string name, CommitOptions options, CancellationToken cancellationToken)
    {
        using Activity? activity = AtomikTelemetry.Source.StartActivity("atomikd marker", ActivityKind.Client);
        activity?.SetTag("atomikd.route", route);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Drop(path, MarkerText.Write(name, options, AtomikTelemetry.Traceparent));
            await WaitUntilGoneAsync(path, options, cancellationToken);
            CommittedVersion version = ReadReceipt(path, options);
            Log.Committed(logger, route, name, version.Number);
            return version;
        }
        catch (Exception e)
        {
            activity.Fail(e);
            throw;
        }
    }

    public void Withdraw(string path)
    {
        Forget(path + ".ready");
        Forget(Aside(path));
    }

    private static string Aside(string path) => Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.marker");

    /// <summary>Written aside: it is there whole or not at all.</summary>
    private static void Drop(string path, byte[] text)
    {
        try
        {
            File.WriteAllBytes(Aside(path), text);
            File.Move(Aside(path), path + ".ready", overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AtomikException(e is UnauthorizedAccessException ? AtomikReason.NotPermitted : AtomikReason.IoError,
                $"The marker {path}.ready cannot be made: {e.Message}", e);
        }
    }

    private async Task WaitUntilGoneAsync(string path, CommitOptions options, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        TimeSpan pause = s_firstPause;
        while (File.Exists(path + ".ready"))
        {
            if (timeout != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(began) > timeout)
                throw new AtomikException($"The marker {path}.ready is still there after {timeout}.", new TimeoutException())
                {
                    Hint = "Is the daemon running (atomikctl status)? Is this the staging folder that its route has?",
                    IsRetryable = true,
                    IsOutcomeUnknown = true,
                    RequestId = options.RequestId,
                };
            await Task.Delay(pause, cancellationToken);
            pause = pause * 1.5 < s_longestPause ? pause * 1.5 : s_longestPause;
        }
    }

    private CommittedVersion ReadReceipt(string path, CommitOptions options)
    {
        try
        {
            if (TryRead(path + ".done") is { } done)
                return ReceiptText.Done(done, options);
            if (TryRead(path + ".failed") is { } failed)
                throw ReceiptText.Failed(failed, options.RequestId);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or DecoderFallbackException)
        {
            throw Unknown($"The receipt of {path} cannot be understood: {e.Message}", options, e);
        }
        throw Unknown($"The marker {path}.ready has gone, and neither {Path.GetFileName(path)}.done nor {Path.GetFileName(path)}.failed is there.", options, null);
    }

    private JsonElement? TryRead(string path)
    {
        try
        {
            byte[] text = File.ReadAllBytes(path);
            using JsonDocument document = JsonDocument.Parse(text);
            Forget(path);
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static AtomikException Unknown(string message, CommitOptions options, Exception? e) => new(message, e)
    {
        Hint = "Is the staging folder still mounted, and has the route Receipts = all? Look at what is live.",
        IsOutcomeUnknown = true,
        RequestId = options.RequestId,
    };

    private void Forget(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (e is not DirectoryNotFoundException)
                Log.ReceiptLeft(logger, path, e.Message);
        }
    }
}
